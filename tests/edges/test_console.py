"""The operator's console: every record can be read by members, by nobody else, and nothing can be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from billing.models import Charge, ChargeKeyRow, Invoice, InvoiceLine
from contracts.models import Subscription
from core.access import services as access
from core.access.scope import tenant_scope
from core.console import addresses
from core.models import ApiKey, AuditRecord, Membership, Tenant
from core.models.access import Role
from customers.models import Customer, FrozenParty
from ledger.models import Account
from metering.models import Quarantined
from tests.edges.books import PASSWORD, Shop, new_operator
from tests.support.world import TESTER

pytestmark = pytest.mark.usefixtures("shop")

OURS = ("core", "customers", "ledger", "metering", "contracts", "billing", "payments")
MODELS: list[Any] = [model for label in OURS for model in apps.get_app_config(label).get_models()]
#: What opening a tenant and letting somebody in write down.
ALWAYS_THERE = {"core.Tenant", "core.Membership", "core.AuditRecord", "core.Message"}
SignIn = Callable[[Any], Client]


def named(model: Any, page: str, *arguments: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def label(model: Any) -> str:
    return str(model._meta.label)


def pages() -> Iterator[tuple[str, str]]:
    """(name, address) of each page beside those of records, for our own books."""
    invoice = Invoice.objects.order_by("sequence")[0]
    draft = Charge.objects.filter(claim__isnull=True)[0]
    arguments: dict[str, list[object]] = {
        "billing_draft": [draft.payer_id, draft.currency],
        "billing_draft_page": [draft.payer_id, draft.currency],
        "billing_invoice_explain": [invoice.pk, 1],
        "ledger_statement": [Account.objects.order_by("pk")[0].pk],
    }
    for route, _, name in addresses.pages():
        yield name, reverse(f"admin:{name}", args=arguments.get(name, [invoice.pk] if "<" in route else []))


@pytest.fixture
def enter() -> SignIn:
    """A browser in which the person is signed in."""

    def enter(person: Any) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return enter


@pytest.fixture
def console(enter: SignIn, shop: Shop) -> Client:
    """Where the owner of our books works."""
    return enter(shop.operator)


def test_every_model_has_its_pages() -> None:
    assert [model for model in MODELS if model not in admin.site._registry] == []
    assert [model for model in admin.site._registry if model._meta.app_label not in OURS] == []


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_a_member_reads_lists_and_records(console: Client, model: Any) -> None:
    listed = console.get(named(model, "changelist"))
    assert listed.status_code == 200
    row = first(model)
    assert row is not None
    shown = console.get(named(model, "change", row.pk))
    assert shown.status_code == 200
    assert "<form" not in shown.content.decode().split('id="content-main"')[1].split('id="command-results"')[0]


@pytest.mark.parametrize("model", [model for model in MODELS if label(model) not in ALWAYS_THERE], ids=label)
def test_an_empty_list_says_what_to_do(enter: SignIn, books: Tenant, model: Any) -> None:
    record_admin: Any = admin.site._registry[model]
    hint = record_admin.empty_hint
    assert hint
    text = enter(new_operator("support")).get(named(model, "changelist")).content.decode()
    assert escape(hint) in text


def test_the_overview_of_empty_books(enter: SignIn, books: Tenant) -> None:
    text = enter(new_operator("owner")).get(reverse("admin:index")).content.decode()
    assert "Nothing is invoiced yet" in text
    assert "No bill was run yet" in text


@pytest.mark.parametrize("role", Role.values)
def test_every_role_reads(enter: SignIn, role: str) -> None:
    client = enter(new_operator(role))
    for address in (reverse("admin:index"), named(Invoice, "changelist"), *(address for _, address in pages())):
        assert client.get(address, follow=address.endswith("/find/")).status_code == 200, address


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_nothing_can_be_added_changed_or_deleted(console: Client, model: Any) -> None:
    """By no page and no hidden action, whoever asks (faults H4, H6)."""
    row = first(model)
    assert row is not None
    before = values(row)
    fields = dict.fromkeys(before, "1") | {"post": "yes", "_save": "Save"}
    for page in (named(model, "add"), named(model, "change", row.pk), named(model, "delete", row.pk)):
        assert console.post(page, fields).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    console.post(named(model, "changelist"), sent)
    assert values(model.objects.get(pk=row.pk)) == before


@pytest.mark.parametrize("model", [model for model in MODELS if model is not Tenant], ids=label)
def test_another_tenants_records_are_not_there(console: Client, theirs: Shop, model: Any) -> None:
    """Neither listed, nor opened by id, nor found (fault H1)."""
    with tenant_scope(theirs.tenant.id):
        row = first(model)
    assert row is not None
    assert console.get(named(model, "change", row.pk)).status_code == 302
    for sought in ("", str(row.pk)):
        listed = console.get(named(model, "changelist"), {"q": sought}).context["cl"].queryset
        assert row.pk not in set(listed.values_list("pk", flat=True))
    assert "means nothing here" in console.get(reverse("admin:find"), {"q": str(row.pk)}).content.decode()


def test_another_tenant_is_not_shown(console: Client, theirs: Shop) -> None:
    assert theirs.tenant.key not in console.get(named(Tenant, "changelist")).content.decode()
    assert console.get(named(Tenant, "change", theirs.tenant.pk)).status_code == 302


def test_another_tenants_documents_are_not_there(console: Client, shop: Shop, theirs: Shop) -> None:
    with tenant_scope(theirs.tenant.id):
        their_pages = list(pages())
    own = dict(pages())
    for name, address in their_pages:
        if own[name] != address:
            assert console.get(address).status_code == 404, address


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    for address in [reverse("admin:index"), *(named(model, "changelist") for model in MODELS), *dict(pages()).values()]:
        response = client.get(address)
        assert (response.status_code, response["Location"].partition("?")[0]) == (302, reverse("admin:login"))


@pytest.mark.parametrize("superuser", [False, True])
def test_whoever_is_no_member_is_told_so(enter: SignIn, superuser: bool) -> None:
    """Signed in, on the staff, even as superuser: without a membership there is nothing to see (fault H6)."""
    person = new_operator(None)
    person.is_superuser = superuser
    person.save()
    client = enter(person)
    response = client.get(reverse("admin:index"), follow=True)
    assert response.status_code == 403
    assert "no tenant has made you a member" in response.content.decode()
    assert client.get(named(Invoice, "changelist"), follow=True).status_code == 403
    assert client.post(reverse("admin:leave"), follow=True).status_code == 200
    assert "_auth_user_id" not in client.session


def test_an_operator_of_several_tenants_chooses_one(enter: SignIn, shop: Shop, theirs: Shop) -> None:
    person = new_operator("finance")
    with tenant_scope(theirs.tenant.id):
        Membership.objects.create(user=person, role="auditor")
    client = enter(person)
    overview = client.get(reverse("admin:index")).content.decode()
    assert shop.tenant.key in overview
    switched = client.post(reverse("admin:switch"), {"tenant": str(theirs.tenant.pk)}, follow=True).content.decode()
    assert f"{theirs.tenant.key} · auditor" in switched
    numbers = client.get(named(Invoice, "changelist")).content.decode()
    assert "THEIRS/2026/1" in numbers
    assert "INV-000001" not in numbers


@pytest.mark.parametrize("chosen", ["{theirs}", "", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_nobody_enters_a_tenant_that_is_not_theirs(console: Client, theirs: Shop, chosen: str) -> None:
    sent = {"tenant": chosen.format(theirs=theirs.tenant.pk)}
    assert console.post(reverse("admin:switch"), sent).status_code == 404
    assert console.get(reverse("admin:switch")).status_code == 405
    assert theirs.tenant.key not in console.get(reverse("admin:index")).content.decode()


def test_switching_asks_for_a_token(shop: Shop) -> None:
    """Fault H8."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(shop.operator)
    assert client.post(reverse("admin:switch"), {"tenant": str(shop.tenant.pk)}).status_code == 403


@pytest.mark.parametrize("role, may", [("owner", True), ("engineer", True), ("finance", False), ("auditor", False)])
def test_some_roles_revoke_keys(enter: SignIn, role: str, may: bool) -> None:
    text = access.create_api_key(scopes=["usage:read"], actor=TESTER)
    key = ApiKey.objects.get(digest=sha256(text.encode()).hexdigest())
    client = enter(new_operator(role))
    client.post(named(ApiKey, "changelist"), {"action": "revoke", "_selected_action": [str(key.pk)]})
    key.refresh_from_db()
    assert (key.revoked_at is not None) is may
    assert AuditRecord.objects.filter(event="api_key.revoked", subject_id=str(key.pk)).exists() is may


@pytest.mark.parametrize("role, may", [("support", True), ("auditor", False)])
def test_some_roles_work_off_the_quarantine(enter: SignIn, role: str, may: bool) -> None:
    row = Quarantined.objects.filter(state="open")[0]
    client = enter(new_operator(role))
    sent = {"action": "replay", "_selected_action": [str(row.pk)]}
    client.post(named(Quarantined, "changelist"), sent)
    row.refresh_from_db()
    assert (row.state == "replayed") is may


def test_no_secret_is_shown(console: Client, shop: Shop) -> None:
    """Faults H5, H16: not the hash of a key, not the salt of a party, not a password's."""
    key, party = ApiKey.objects.all()[0], FrozenParty.objects.all()[0]
    shown = [named(ApiKey, "change", key.pk), named(FrozenParty, "change", party.pk), named(ApiKey, "changelist")]
    text = "".join(console.get(address).content.decode() for address in shown)
    for secret in (key.digest, bytes(party.salt).hex(), shop.keys["usage:read"], shop.operator.password):
        assert secret not in text


def test_an_invoices_page_leads_to_everything_about_it(console: Client) -> None:
    invoice = Invoice.objects.order_by("sequence")[0]
    text = console.get(named(Invoice, "change", invoice.pk)).content.decode()
    for line in invoice.lines.all():
        assert reverse("admin:billing_invoice_explain", args=[invoice.pk, line.position]) in text
    for name in ("billing_invoice_pdf", "billing_invoice_json", "billing_invoice_page"):
        assert reverse(f"admin:{name}", args=[invoice.pk]) in text
    for words in ("1100 accounts receivable", "invoice opened", "RF1", "Left to pay"):
        assert words in text


def test_a_customers_page_leads_to_everything_about_them(console: Client) -> None:
    acme = Customer.objects.get(key="acme")
    text = console.get(named(Customer, "change", acme.pk)).content.decode()
    for words in ("s-acme", "acme-labs", "1200 unbilled receivable", "INV-0000", "ap@acme.example", "always"):
        assert words in text


def test_a_subscriptions_page_tells_its_story(console: Client) -> None:
    text = console.get(named(Subscription, "change", Subscription.objects.get(key="s-acme").pk)).content.decode()
    for words in ("plan scale v1, seats 5", "seats 8", "three more desks", "back-dated"):
        assert words in text


def test_a_line_is_explained_to_the_last_event(console: Client) -> None:
    line = InvoiceLine.objects.filter(key__price__key="tokens", exact__gt=0).order_by("exact").last()
    assert line is not None
    address = reverse("admin:billing_invoice_explain", args=[line.invoice_id, line.position])
    text = console.get(address).content.decode()
    for words in ("The arithmetic", "The charges in the ledger", "The events", "e-12", "0.000002"):
        assert words in text
    for after in ("0", "nonsense", "-1", "9" * 30):
        assert console.get(address, {"events": after}).status_code == 200
    assert console.get(reverse("admin:billing_invoice_explain", args=[line.invoice_id, 999])).status_code == 404


def test_a_line_that_corrects_shows_what_was_added_and_what_was_taken_away(console: Client) -> None:
    line = InvoiceLine.objects.filter(description__startswith="Late usage:", key__price__key="tokens").first()
    assert line is not None
    address = reverse("admin:billing_invoice_explain", args=[line.invoice_id, line.position])
    added, taken = console.get(address).content.decode().split("Taken away since the earlier document", 1)
    assert "Added since the earlier document" in added
    assert (">late<" in added, ">e-3<" in added) == (True, False)
    assert (">late<" in taken, ">e-3<" in taken) == (False, True)


@pytest.mark.parametrize("as_of", ["2026-01-15", "", "never", "9999-12-31", "0001-01-01"])
def test_the_trial_balance_of_any_day_balances(console: Client, as_of: str) -> None:
    response = console.get(reverse("admin:ledger_trial_balance"), {"as_of": as_of})
    assert all(one["balanced"] for one in response.context["currencies"])
    assert bool(response.context["currencies"]) is (as_of != "0001-01-01")


def test_money_is_written_by_its_currency(console: Client) -> None:
    """Never as the twelve decimals that the columns hold."""
    for model in (Invoice, InvoiceLine, Charge, Account):
        assert "000000000" not in console.get(named(model, "changelist")).content.decode()


@pytest.mark.parametrize(
    "sought, leads_to",
    [
        ("INV-000001", lambda: named(Invoice, "change", Invoice.objects.get(number="INV-000001").pk)),
        ("inv-000001", lambda: named(Invoice, "change", Invoice.objects.get(number="INV-000001").pk)),
        ("s-acme", lambda: named(Subscription, "change", Subscription.objects.get(key="s-acme").pk)),
        ("zenith", lambda: named(Customer, "change", Customer.objects.get(key="zenith").pk)),
    ],
)
def test_a_record_is_found_by_what_people_have_in_hand(console: Client, sought: str, leads_to: Any) -> None:
    assert console.get(reverse("admin:find"), {"q": sought})["Location"] == leads_to()


@pytest.mark.parametrize("sought", ["", "nothing", "'; DROP TABLE billing_invoice; --", "\x00", "%", "x" * 5_000])
def test_what_is_not_found_is_said(console: Client, sought: str) -> None:
    response = console.get(reverse("admin:find"), {"q": sought})
    assert response.status_code == 200
    assert "Look for an invoice" in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "q=%27%20OR%201=1",
        "q=%00",
        "tenant_id=00000000-0000-0000-0000-000000000000",
        "payer__party__email__startswith=a",
        "e=1",
        "p=999999",
        "o=99",
        "all=",
        "state__exact=nonsense",
        "issued_on__gte=never",
    ],
)
def test_a_list_survives_any_address(console: Client, query: str) -> None:
    """Nothing is read by a way that no filter offers, and nothing breaks (fault H10)."""
    assert console.get(f"{named(Invoice, 'changelist')}?{query}").status_code in (200, 302, 400)


def test_pages_load_nothing_from_elsewhere_and_are_framed_by_nobody(console: Client) -> None:
    """Fault H8; the document alone may stand in a frame, of our own, in which nothing runs."""
    policy = console.get(reverse("admin:index"))["Content-Security-Policy"]
    for words in ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "form-action 'self'"):
        assert words in policy
    assert "http" not in policy
    assert console.get(reverse("admin:index"))["X-Frame-Options"] == "DENY"
    framed = console.get(dict(pages())["billing_invoice_page"])
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    assert framed["Content-Security-Policy"].endswith("frame-ancestors 'self'; sandbox")


def test_signing_in_is_by_e_mail_in_any_case(client: Client, shop: Shop) -> None:
    sent = {"username": shop.operator.email.upper(), "password": PASSWORD, "next": reverse("admin:index")}
    assert client.post(reverse("admin:login"), sent)["Location"] == reverse("admin:index")
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_signing_in_anew_changes_the_session(client: Client, shop: Shop) -> None:
    """Fault H8: a session that somebody planted is worth nothing afterwards."""
    client.get(reverse("admin:login"))
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = str(session.session_key)
    client.cookies["sessionid"] = planted
    client.post(reverse("admin:login"), {"username": shop.operator.email, "password": PASSWORD})
    assert client.cookies["sessionid"].value != planted


def test_history_is_the_audit_trail(console: Client) -> None:
    invoice = Invoice.objects.order_by("sequence")[0]
    listed = console.get(named(Invoice, "history", invoice.pk), follow=True).context["cl"].result_list
    assert [row.event for row in listed] == ["invoice.finalized"]


def test_lists_ask_the_database_a_bounded_number_of_times(console: Client, django_assert_max_num_queries: Any) -> None:
    """However many rows: what a row names is fetched with it."""
    for model in (Invoice, Charge, ChargeKeyRow, Account, InvoiceLine):
        with django_assert_max_num_queries(20):
            console.get(named(model, "changelist"))


def first(model: Any) -> Model | None:
    rows = model.objects.all()
    found: Model | None = (rows.filter(key__startswith="ours") if model is Tenant else rows).order_by("pk").first()
    return found


def values(row: Model) -> dict[str, Any]:
    found = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in found.items()}
