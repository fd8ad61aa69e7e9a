"""Who may pass the door of the REST API: each address × each kind of stranger, from the table of addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import URLPattern

from billing.models import Invoice
from config import urls
from core.access import authentication, services
from core.access.authentication import HasScope
from core.access.scope import tenant_scope
from core.access.views import TenantView
from core.models import ApiKey
from customers.models import Customer
from tests.edges.books import Shop
from tests.edges.conftest import Ask
from tests.support import world

pytestmark = pytest.mark.usefixtures("shop")

#: How each address of the table is asked. An address that isn't here fails the first test.
REQUESTS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "events": ("POST", "events", "events:write", {}),
    "usage": (
        "GET",
        "usage",
        "usage:read",
        {"customer": "{customer}", "meter": "tokens", "start": "2026-01-01", "end": "2026-02-01"},
    ),
    "invoices": ("GET", "invoices", "invoices:read", {"customer": "{customer}"}),
    "invoices/<path:number>": ("GET", "invoices/{number}", "invoices:read", {}),
    "invoices/<path:number>/pdf": ("GET", "invoices/{number}/pdf", "invoices:read", {}),
    "invoices/<path:number>/lines/<int:position>": ("GET", "invoices/{number}/lines/1", "invoices:read", {}),
    "invoices/<path:number>/lines/<int:position>/events": (
        "GET",
        "invoices/{number}/lines/1/events",
        "invoices:read",
        {},
    ),
    "drafts": ("GET", "drafts", "invoices:read", {"customer": "{customer}"}),
    "balances": ("GET", "balances", "invoices:read", {"customer": "{customer}"}),
}
ROUTES = list(REQUESTS)


def routes() -> list[str]:
    return [str(one.pattern) for one in urls.v1 if isinstance(one, URLPattern) and str(one.pattern)]


def send(ask: Ask, route: str, key: str | None) -> Any:
    """Asks for what is ours."""
    method, path, _, params = REQUESTS[route]
    filled = {name: value.format(customer="acme") for name, value in params.items()}
    return ask(f"/{path.format(number='INV-000001')}", key, method=method, **filled)


def test_the_table_holds_every_address() -> None:
    assert sorted(ROUTES) == sorted(routes())


@pytest.mark.parametrize("route", ROUTES)
def test_the_right_key_passes(ask: Ask, shop: Shop, route: str) -> None:
    """Else the refusals below would prove nothing."""
    response = send(ask, route, shop.keys[REQUESTS[route][2]])
    assert response.status_code in (200, 415)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("who", ["nobody", "wrong key", "revoked key", "wrong scopes", "key in the address"])
def test_everybody_else_is_refused(ask: Ask, shop: Shop, route: str, who: str) -> None:
    """Without a live key 401, without the scope 403, and as a problem document (faults H6, H9)."""
    scope = REQUESTS[route][2]
    key: str | None = None
    if who == "wrong key":
        key = shop.keys[scope][:-1] + ("A" if shop.keys[scope][-1] != "A" else "B")
    if who == "revoked key":
        key = revoked(scope)
    if who == "wrong scopes":
        key = services.create_api_key(scopes=set(services.SCOPES) - {scope}, actor=world.TESTER)
    if who == "key in the address":
        method, path, _, _ = REQUESTS[route]
        response = ask(f"/{path.format(number='INV-000001')}", method=method, api_key=shop.keys[scope])
    else:
        response = send(ask, route, key)
    expected = (403, "permission_denied") if who == "wrong scopes" else (401, "not_authenticated")
    assert (response.status_code, response.json()["code"]) == expected
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["X-Request-ID"]
    assert ("WWW-Authenticate" in response.headers) is (expected[0] == 401)


def revoked(scope: str) -> str:
    text = services.create_api_key(scopes=[scope], actor=world.TESTER)
    key = services.api_key_of(text)
    assert isinstance(key, ApiKey)
    services.revoke_api_key(key=key, actor=world.TESTER)
    return text


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "events"])
@pytest.mark.parametrize("pretend", [(), ("X-Tenant", "X-Tenant-ID", "X-Forwarded-User")])
def test_a_key_opens_its_own_tenant_only(
    ask: Ask, shop: Shop, theirs: Shop, route: str, pretend: tuple[str, ...]
) -> None:
    """What another tenant has is not there, whatever the request says of itself (faults H1, H3)."""
    method, path, scope, params = REQUESTS[route]
    with tenant_scope(theirs.tenant.id):
        customer = Customer.objects.get(key="acme").pk
        number = Invoice.objects.order_by("sequence").values_list("number", flat=True)[1]
    headers = {name: str(theirs.tenant.id) for name in pretend}
    filled = {name: value.format(customer=customer) for name, value in params.items()}
    assert number == "THEIRS/2026/2"
    response = ask(f"/{path.format(number=number)}", shop.keys[scope], method=method, headers=headers, **filled)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_number_with_slashes_is_an_address(ask: Ask, theirs: Shop) -> None:
    """A seller's series may hold any character."""
    response = ask("/invoices/THEIRS/2026/2/lines/1", theirs.keys["invoices:read"])
    assert response.json()["invoice"] == "THEIRS/2026/2"


def test_another_host_name_is_refused(ask: Ask, shop: Shop) -> None:
    """Fault H18."""
    response = ask("/invoices", shop.keys["invoices:read"], headers={"Host": "evil.example"})
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


def test_both_forms_of_presenting_a_key_pass(ask: Ask, shop: Shop) -> None:
    key = shop.keys["invoices:read"]
    assert ask("/invoices", headers={"X-API-Key": key}).status_code == 200
    assert ask("/invoices", headers={"Authorization": f"bearer {key}"}).status_code == 200
    assert ask("/invoices", headers={"Authorization": f"Basic {key}"}).status_code == 401


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "events"])
def test_each_view_names_its_scope_and_runs_in_the_tenant_of_the_key(route: str) -> None:
    callback: Any = next(one for one in urls.v1 if str(one.pattern) == route).callback
    view = callback.view_class
    assert issubclass(view, TenantView)
    assert view.required_scope in services.SCOPES
    assert view.permission_classes == [HasScope]
    assert view.authentication_classes == [authentication.ApiKeyAuthentication]


def test_a_view_without_a_scope_lets_nobody_pass(shop: Shop, rf: Any) -> None:
    """Deny by default: forgetting to say who may is forgetting to let anybody in."""

    class Forgetful(TenantView):
        def get(self, request: Any) -> Any:
            raise AssertionError("reached")

    every = services.create_api_key(scopes=services.SCOPES, actor=world.TESTER)
    response = Forgetful.as_view()(rf.get("/", headers={"X-API-Key": every}))
    assert response.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("route", [route for route in ROUTES if route != "events"])
def test_nothing_can_be_written_where_one_reads(ask: Ask, shop: Shop, route: str, method: str) -> None:
    _, path, scope, _ = REQUESTS[route]
    response = ask(f"/{path.format(number='INV-000001')}", shop.keys[scope], method=method)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD"
