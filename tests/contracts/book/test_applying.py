"""Making a tenant's set-up what a book file declares."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest

from contracts.book import applying
from contracts.book.applying import BookRefused
from contracts.book.changes import Change
from contracts.models import AmendmentRow, Plan, Subscription
from core import clock
from core.actor import Actor
from core.models import Tenant
from customers.models import BillTo, Claim, Customer, Seller
from tests.support import world
from tests.support.tenants import fingerprint

TOKENS = {"key": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.01"}
SEATS = {"key": "seats", "model": "per_unit", "unit_amount": "12", "quantity": "seats"}
FEE = {"key": "fee", "model": "flat", "amount": "10"}
SIGNED = {"key": "s-01", "customer": "c-01", "plan": "payg", "start": world.day("2026-01-01")}
AMENDED = {"key": "a-01", "subscription": "s-01", "effective": world.day("2026-02-10"), "reason": "growth"}
BOOK: dict[str, Any] = {
    "customers": [
        world.customer("c-02", parent="c-01", bill_to="c-01", metadata={"crm": "7"}),
        world.customer("c-01", subjects=["app", "site"], tax_ids=["DE136695976"]),
    ],
    "meters": [{"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "n", "name": "Tokens"}],
    "products": [{"key": "product", "name": "Product", "tags": ["ai"]}],
    "plans": [world.plan("payg", [TOKENS, SEATS]), world.plan("flat", [FEE])],
    "subscriptions": [{**SIGNED, "quantities": {"seats": "5"}, "subjects": ["own"]}],
    "amendments": [{**AMENDED, "quantities": {"seats": "8"}}],
}
pytestmark = pytest.mark.usefixtures("books")


def _changed(section: str, key: str, **fields: Any) -> dict[str, Any]:
    """The book with one entry that says something else; a field set to None is left out."""
    book = deepcopy(BOOK)
    entry = next(one for one in book[section] if one["key"] == key)
    entry |= fields
    for name in [name for name, value in entry.items() if value is None]:
        del entry[name]
    return book


def _told(changes: list[Change]) -> list[str]:
    return [" ".join([one.action, one.kind, one.key, *one.fields]) for one in changes]


def _refused(book: dict[str, Any]) -> tuple[str, str | None]:
    """(code, path) of the one refusal; nothing is applied."""
    before = fingerprint()
    with pytest.raises(BookRefused) as refused:
        world.apply(book)
    assert fingerprint() == before
    (refusal,) = refused.value.refusals
    return refusal.code, refusal.field


def test_everything_that_is_declared_is_made_and_told_in_the_order_of_reference() -> None:
    """Parents before children, whoever pays once all are there."""
    assert _told(world.apply(BOOK)) == [
        "created seller seller",
        "created customer c-01",
        "created subject app",
        "created subject site",
        "created customer c-02",
        "created subject c-02",
        "changed customer c-02 bill_to",
        "created meter tokens",
        "created product product",
        "created plan payg",
        "created plan flat",
        "created subscription s-01",
        "created amendment a-01",
    ]
    assert Customer.objects.get(key="c-02").parent == Customer.objects.get(key="c-01")
    assert BillTo.objects.get().payer.key == "c-01"
    assert AmendmentRow.objects.get(key="a-01").reason == "growth"
    assert Claim.objects.get(subject__name="own").subscription_id == Subscription.objects.get().id


def test_applying_it_again_changes_nothing() -> None:
    """Not a row of the tenant, in any table."""
    world.apply(BOOK)
    before = fingerprint()
    assert world.apply(BOOK) == []
    assert fingerprint() == before


def test_a_dry_run_tells_the_same_and_changes_nothing() -> None:
    before = fingerprint()
    told = world.apply(BOOK, dry_run=True)
    assert fingerprint() == before
    assert world.apply(BOOK) == told
    assert world.apply(BOOK, dry_run=True) == []


@pytest.mark.parametrize(
    ("section", "key", "fields", "told"),
    [
        ("customers", "c-01", {"name": "Two Inc"}, ["changed customer c-01 name"]),
        (
            "customers",
            "c-01",
            {"time_zone": "Europe/Athens", "terms_days": 14, "locale": "de"},
            ["changed customer c-01 time_zone locale terms_days"],
        ),
        ("customers", "c-02", {"metadata": {"crm": "8"}}, ["changed customer c-02 metadata"]),
        ("customers", "c-01", {"subjects": ["app", "site", "new"]}, ["created subject new"]),
        ("customers", "c-01", {"subjects": ["site"]}, []),
        ("customers", "c-02", {"bill_to": "c-02"}, ["changed customer c-02 bill_to"]),
        ("customers", "c-02", {"bill_to": None}, []),
        ("meters", "tokens", {"name": "Input tokens", "unit": "token"}, ["changed meter tokens"]),
        ("products", "product", {"tags": []}, ["changed product product"]),
    ],
)
def test_what_may_change_is_changed_and_told(section: str, key: str, fields: dict[str, Any], told: list[str]) -> None:
    """What is left out of an entry is as documented, but what was claimed stays claimed and who pays pays on."""
    world.apply(BOOK)
    book = _changed(section, key, **fields)
    assert _told(world.apply(book)) == told
    assert world.apply(book) == []


def test_naming_no_payer_any_more_makes_the_customer_pay_from_now_on(books: Tenant, actor: Actor) -> None:
    world.apply(BOOK)
    clock.advance(to=world.instant("2026-03-01"), actor=actor)
    book = _changed("customers", "c-02")
    book["customers"][0]["bill_to"] = None
    assert _told(world.apply(book)) == ["changed customer c-02 bill_to"]
    latest = BillTo.objects.order_by("fact").last()
    assert latest is not None
    assert (latest.payer.key, latest.from_at) == ("c-02", world.instant("2026-03-01"))


def test_the_seller_and_the_tenant_may_be_renamed(books: Tenant) -> None:
    world.apply(BOOK)
    seller = {"key": "seller", "name": "Acme SE", "country": "DE", "rounding": "half_up"}
    assert _told(world.apply({**BOOK, "seller": seller})) == ["changed seller seller name rounding"]
    tenant = {"key": books.key, "name": "Renamed", "kind": "sandbox"}
    assert _told(world.apply({**BOOK, "seller": seller, "tenant": tenant})) == [f"changed tenant {books.key} name"]
    assert (Seller.objects.get().name, Tenant.objects.get(pk=books.pk).name) == ("Acme SE", "Renamed")


@pytest.mark.parametrize(
    ("section", "key", "fields", "code", "path"),
    [
        ("customers", "c-01", {"currency": "EUR"}, "customer_differs", "customers[1].currency"),
        ("customers", "c-02", {"parent": None}, "customer_differs", "customers[0].parent"),
        ("customers", "c-02", {"parent": "c-03"}, "not_found", "customers[0].parent"),
        ("customers", "c-02", {"bill_to": "c-03"}, "not_found", "customers[0].bill_to"),
        ("customers", "c-02", {"subjects": ["c-02", "app"]}, "subject_taken", "customers[0].subjects[1]"),
        ("meters", "tokens", {"property": "m"}, "meter_differs", "meters[0].property"),
        ("plans", "flat", {"prices": [FEE | {"product": "product", "amount": "11"}]}, "plan_differs", "plans[1].key"),
        ("subscriptions", "s-01", {"plan": "flat"}, "subscription_differs", "subscriptions[0].plan"),
        ("subscriptions", "s-01", {"customer": "c-02"}, "subscription_differs", "subscriptions[0].customer"),
        ("subscriptions", "s-01", {"customer": "c-03"}, "not_found", "subscriptions[0].customer"),
        (
            "subscriptions",
            "s-01",
            {"start": world.day("2026-01-02")},
            "subscription_differs",
            "subscriptions[0].start",
        ),
        (
            "subscriptions",
            "s-01",
            {"anchor": world.day("2026-01-02")},
            "subscription_differs",
            "subscriptions[0].anchor",
        ),
        (
            "subscriptions",
            "s-01",
            {"quantities": {"seats": "6"}},
            "subscription_differs",
            "subscriptions[0].quantities",
        ),
        (
            "subscriptions",
            "s-01",
            {"subjects": ["own", "more"]},
            "subscription_differs",
            "subscriptions[0].subjects",
        ),
        ("amendments", "a-01", {"reason": "other"}, "amendment_differs", "amendments[0].key"),
        ("amendments", "a-01", {"subscription": "s-02"}, "not_found", "amendments[0].subscription"),
    ],
)
def test_what_may_not_change_is_refused_by_its_path(
    section: str, key: str, fields: dict[str, Any], code: str, path: str
) -> None:
    """Everything or nothing: not even what stands before it is applied."""
    world.apply(BOOK)
    book = _changed(section, key, **fields)
    book["products"] = [{"key": "product", "name": "Renamed as well"}]
    assert _refused(book) == (code, path)


def test_the_kind_of_a_tenant_never_changes(books: Tenant) -> None:
    world.apply(BOOK)
    assert _refused({**BOOK, "tenant": {"key": books.key, "name": "T", "kind": "live"}}) == (
        "tenant_exists",
        "tenant.kind",
    )
    assert _refused({**BOOK, "tenant": {"key": books.key, "name": "T", "kind": "demo"}}) == (
        "invalid_value",
        "tenant.kind",
    )


def test_a_tenant_has_one_seller() -> None:
    world.apply(BOOK)
    other = {"key": "other", "name": "Other", "country": "FR"}
    assert _refused({**BOOK, "seller": other}) == ("seller_differs", "seller.key")


@pytest.mark.parametrize(
    "customers",
    [
        [world.customer("c-01", parent="c-01")],
        [
            world.customer("c-01", parent="c-02"),
            world.customer("c-02", parent="c-03"),
            world.customer("c-03", parent="c-01"),
        ],
    ],
)
def test_nobody_is_their_own_ancestor(customers: list[dict[str, Any]]) -> None:
    assert _refused({"customers": customers}) == ("invalid_value", "customers[0].parent")


def test_a_refusal_at_the_end_takes_back_the_beginning() -> None:
    """A dangling reference in the last section leaves not even the seller."""
    assert _refused(_changed("amendments", "a-01", subscription="s-99")) == ("not_found", "amendments[0].subscription")
    assert not Customer.objects.exists()
    assert not Plan.objects.exists()
    assert not Seller.objects.exists()


def test_all_that_can_be_seen_without_the_books_is_told_at_once() -> None:
    book = deepcopy(BOOK)
    book["customers"][0]["colour"] = "red"
    del book["plans"][1]["currency"]
    with pytest.raises(BookRefused, match="2 entries can't be applied; nothing was changed") as refused:
        world.apply(book)
    assert [one.field for one in refused.value.refusals] == ["customers[0].colour", "plans[1].currency"]


def test_a_book_opens_a_tenant_whose_clock_it_may_start(actor: Actor) -> None:
    key = f"new-{uuid4().hex}"
    content = f"tenant: {{key: {key}, name: New, kind: sandbox, clock: 2026-05-06, metadata: {{crm: 7}}}}".encode()
    assert _told(applying.apply(content, actor=actor, dry_run=True)) == [f"created tenant {key}"]
    assert not Tenant.objects.filter(key=key).exists()
    applying.apply(content, actor=actor)
    made = Tenant.objects.get(key=key)
    assert (made.clock_at, made.metadata) == (world.instant("2026-05-06"), {"crm": "7"})
    assert applying.apply(content.replace(b"2026-05-06", b"2027-01-01"), actor=actor) == []
    assert Tenant.objects.get(key=key).clock_at == world.instant("2026-05-06")
