"""What the REST API says to requests that it can't make sense of: always a problem document that names the field."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db import OperationalError
from django.test import Client

from billing.invoicing import view
from billing.invoicing.rendering import PdfUnavailable
from core import pages
from tests.edges.books import Shop
from tests.edges.conftest import Ask

pytestmark = pytest.mark.usefixtures("shop")
Get = Callable[..., httpx.Response]


@pytest.mark.parametrize(
    "path, params, status, field",
    [
        ("/invoices", {"colour": "red"}, 400, "colour"),
        ("/invoices", {"limit": "5", "tenant_id": "x"}, 400, "tenant_id"),
        ("/invoices", {"payer__tenant_id": "x"}, 400, "payer__tenant_id"),
        ("/invoices", {"format": "xml"}, 400, "format"),
        ("/invoices", {"status": ["open", "paid"]}, 400, "status"),
        ("/invoices/INV-000001", {"expand": "lines"}, 400, "expand"),
        ("/invoices", {"limit": "0"}, 422, "limit"),
        ("/invoices", {"limit": "101"}, 422, "limit"),
        ("/invoices", {"limit": "1000000000"}, 422, "limit"),
        ("/invoices", {"limit": "1e2"}, 422, "limit"),
        ("/invoices", {"limit": "-1"}, 422, "limit"),
        ("/invoices", {"limit": "١"}, 422, "limit"),
        ("/invoices", {"limit": ""}, 422, "limit"),
        ("/invoices", {"status": "draft"}, 422, "status"),
        ("/invoices", {"status": "open' OR 1=1 --"}, 422, "status"),
        ("/invoices", {"currency": "usd"}, 422, "currency"),
        ("/invoices", {"currency": "XXX"}, 422, "currency"),
        ("/invoices", {"customer": "nobody"}, 404, "customer"),
        ("/invoices", {"customer": ""}, 404, "customer"),
        ("/invoices", {"customer": "' OR ''='"}, 404, "customer"),
        ("/invoices", {"customer": "\x00"}, 422, "customer"),
        ("/invoices", {"customer": "x" * 3_000}, 404, "customer"),
        ("/invoices", {"cursor": "nonsense"}, 422, "cursor"),
        ("/invoices", {"cursor": "WzEsMl0"}, 422, "cursor"),
        ("/invoices", {"cursor": "bnVsbA"}, 422, "cursor"),
        ("/invoices", {"cursor": "é"}, 422, "cursor"),
        ("/invoices", {"cursor": "A" * 3_000}, 422, "cursor"),
        ("/drafts", {"cursor": "WzEsMl0"}, 422, "cursor"),
        ("/balances", {}, 422, "customer"),
        ("/balances", {"customer": "nobody"}, 404, "customer"),
        ("/usage", {"customer": "acme", "metre": "tokens"}, 400, "metre"),
        ("/invoices/INV-999999", {}, 404, "number"),
        ("/invoices/INV-000001/lines/0", {}, 404, "line"),
        ("/invoices/INV-000001/lines/99999999999999999999", {}, 404, "line"),
        ("/invoices/INV-000001/lines/1/events", {"cursor": "Ing"}, 422, "cursor"),
    ],
)
def test_the_field_at_fault_is_named(
    ask: Ask, shop: Shop, path: str, params: dict[str, Any], status: int, field: str
) -> None:
    key = shop.keys["usage:read" if path == "/usage" else "invoices:read"]
    response = ask(path, key, **params)
    problem = response.json()
    assert (response.status_code, problem["status"], problem["field"]) == (status, status, field)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    assert problem["code"] == problem["code"].lower().replace(" ", "_")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/invoices/",
        "/invoices/INV-000001/",
        "/invoices/INV-000001/lines/-1",
        "/invoices/INV-000001/lines/one",
        "/invoices/%00",
        "/invoices/INV-000001%00/pdf",
        "/invoices/..%2f..%2fetc%2fpasswd",
    ],
)
def test_what_is_not_there_is_a_problem_too(get: Get, path: str) -> None:
    response = get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path, place",
    [
        ("/invoices", [10**30, "00000000-0000-0000-0000-000000000000"]),
        ("/invoices", [-(10**30), "00000000-0000-0000-0000-000000000000"]),
        ("/invoices/INV-000001/lines/1/events", 10**30),
        ("/drafts", ["\x00", ""]),
    ],
)
def test_a_cursor_beyond_everything_breaks_nothing(get: Get, path: str, place: Any) -> None:
    response = get(path, cursor=pages.cursor(place))
    assert (response.status_code, response.json()["next"]) == (200, None)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*;q=0.1", "nonsense"])
def test_what_a_client_would_rather_have_changes_nothing(get: Get, accept: str) -> None:
    assert get("/invoices", headers={"Accept": accept}).headers["Content-Type"] == "application/json"


def test_a_request_id_is_taken_over_or_made(ask: Ask) -> None:
    given = ask("/invoices", headers={"X-Request-ID": "from-the-proxy-1"})
    assert given.json()["request_id"] == given.headers["X-Request-ID"] == "from-the-proxy-1"
    made = ask("/invoices", headers={"X-Request-ID": "no spaces, please"}).json()["request_id"]
    assert len(made) == 32


@pytest.fixture
def broken(client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], Any]:
    """What the API answers while reading a document raises the error."""
    client.raise_request_exception = False
    headers = {"X-API-Key": shop.keys["invoices:read"]}

    def broken(error: Exception) -> Any:
        def fail(*_: Any) -> Any:
            raise error

        monkeypatch.setattr(view, "document", fail)
        monkeypatch.setattr(view, "pdf", fail)
        return client.get("/v1/invoices/INV-000001", headers=headers), client.get(
            "/v1/invoices/INV-000001/pdf", headers=headers
        )

    return broken


def test_an_error_of_ours_tells_nothing(broken: Any, caplog: pytest.LogCaptureFixture) -> None:
    """No message, no trace: only the request id under which it is logged (fault H16)."""
    with caplog.at_level(logging.CRITICAL, logger="django.request"):
        response, _ = broken(RuntimeError("canary-5d1f"))
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert response.json()["code"] == "internal_error"
    assert "canary" not in response.content.decode()


def test_a_database_that_does_not_answer_is_said_to_be_unavailable(broken: Any) -> None:
    response, _ = broken(OperationalError("connection refused at db.internal:5432"))
    assert (response.status_code, response["Retry-After"], response.json()["code"]) == (503, "2", "unavailable")
    assert "db.internal" not in response.content.decode()


def test_a_machine_without_pango_serves_everything_but_pdfs(broken: Any) -> None:
    _, response = broken(PdfUnavailable("PDFs need Pango"))
    assert (response.status_code, response.json()["code"]) == (503, "pdf_unavailable")


def test_health(address: str) -> None:
    response = httpx.get(f"{address}/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_health_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from config import errors

    class Away:
        def cursor(self) -> Any:
            raise OperationalError("away")

    monkeypatch.setattr(errors, "connection", Away())
    response = client.get("/healthz")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
