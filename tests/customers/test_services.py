"""Every write about parties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError

from core import clock
from core.actor import Actor
from core.errors import InvalidValue
from core.models import AuditRecord, Message, Tenant
from customers import services
from customers.models import BillTo, Customer, FrozenParty, Mark, Party, Seller, Tree
from customers.services import CustomerDiffers, CustomerFields, NotInTree, read_customer, read_seller
from tests.support.world import TESTER, instant

FEBRUARY, MARCH = instant("2026-02-01"), instant("2026-03-01")
ADDRESS = {"lines": ["Ermou 18"], "city": "Athens", "postcode": "105 63", "country": "GR"}
SAFE = {
    "key": "c-01",
    "currency": "EUR",
    "kind": "organization",
    "locale": "en",
    "consolidate": False,
    "metadata": {},
}
PERSONAL = {"name": "Ann Doe", "email": "ann@example.com", "address": ADDRESS, "tax_ids": ("EL094259216",)}


def _fields(key: str = "c-01", **more: Any) -> CustomerFields:
    return read_customer({"key": key, "currency": "EUR", **PERSONAL, **more})


def _customer(key: str = "c-01", *, parent: Customer | None = None, **more: Any) -> Customer:
    return services.create_customer(fields=_fields(key, **more), parent=parent, actor=TESTER)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", "x" * 121),
        ("name", ""),
        ("currency", "EURO"),
        ("kind", "robot"),
        ("time_zone", "Mars/Base"),
        ("locale", "xx"),
        ("terms_days", -1),
        ("terms_days", 3651),
        ("terms_days", "30"),
        ("terms_days", True),
        ("terms_days", 30.0),
        ("email", "x" * 321),
        ("address", {"street": "x"}),
        ("tax_ids[1]", ["EL094259216", "DE1"]),
    ],
)
def test_every_field_of_a_customer_is_checked_and_named(name: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_customer({"key": "c-01", "name": "One", "currency": "EUR", name.partition("[")[0]: value})
    assert refused.value.field == name


def test_what_is_not_said_of_a_customer_is_as_documented() -> None:
    """Interfaces §2."""
    assert read_customer({"key": "c-01", "name": "One", "currency": "EUR"}) == CustomerFields(
        key="c-01",
        name="One",
        currency="EUR",
        kind="organization",
        time_zone="UTC",
        locale="en",
        terms_days=30,
        consolidate=False,
        email="",
        address={},
        tax_ids=(),
        metadata={},
    )


def test_a_customer_without_parent_is_the_root_of_a_tree_with_its_id(books: Tenant) -> None:
    root = _customer()
    child = _customer("c-02", parent=root)
    grandchild = _customer("c-03", parent=child)
    assert [one.tree_id for one in (root, child, grandchild)] == [root.id] * 3
    assert (grandchild.parent, Tree.objects.get().last_fact) == (child, 3)
    assert set(Mark.objects.values_list("cause", "earliest_at")) == {("customer.created", instant("2026-01-01"))}


def test_what_is_personal_is_kept_apart_and_never_in_the_trail(books: Tenant, actor: Actor) -> None:
    """It must be possible to erase it without touching the books, the audit trail or what was announced."""
    customer = _customer()
    changed: dict[str, Any] = {
        "name": "Bea Roe",
        "email": "bea@example.org",
        "address": {"city": "Volos"},
        "tax_ids": (),
    }
    services.change_customer(customer=customer, fields=_fields(**changed), actor=actor)
    party = Party.objects.get()
    assert (party.name, party.email, party.address["city"], party.tax_ids) == (
        "Bea Roe",
        "bea@example.org",
        "Volos",
        [],
    )
    written = [repr(vars(row)) for rows in (Customer, AuditRecord, Message, Mark) for row in rows.objects.all()]
    for canary in ("Ann", "Bea", "example.", "Ermou", "Athens", "Volos", "EL094259216"):
        assert not [row for row in written if canary in row], canary


def test_a_key_names_one_customer(books: Tenant) -> None:
    _customer()
    with pytest.raises(IntegrityError):
        _customer()


def test_a_change_says_what_was_and_what_is(books: Tenant, actor: Actor) -> None:
    customer = _customer()
    clock.advance(to=FEBRUARY, actor=actor)
    services.change_customer(customer=customer, fields=_fields(time_zone="Europe/Athens", terms_days=14), actor=actor)
    customer.refresh_from_db()
    assert (customer.time_zone, customer.terms_days) == ("Europe/Athens", 14)
    record = AuditRecord.objects.get(event="customer.changed")
    assert record.before == {**SAFE, "time_zone": "UTC", "terms_days": 30}
    assert record.after == {**SAFE, "time_zone": "Europe/Athens", "terms_days": 14}
    assert Mark.objects.get(number=2).earliest_at == FEBRUARY


def test_the_same_fields_again_change_nothing(books: Tenant, actor: Actor) -> None:
    customer = _customer(metadata={"crm": "7"})
    services.change_customer(customer=customer, fields=_fields(metadata={"crm": "7"}), actor=actor)
    assert services.current_fields(Customer.objects.get()) == _fields(metadata={"crm": "7"})
    assert (Mark.objects.count(), AuditRecord.objects.filter(event="customer.changed").count()) == (1, 0)


@pytest.mark.parametrize(("name", "value"), [("currency", "USD"), ("consolidate", True)])
def test_what_would_change_the_past_is_for_good(books: Tenant, actor: Actor, name: str, value: Any) -> None:
    """Keys are in a currency; who pays is dated by bill_to, and a flag has no date."""
    customer = _customer()
    with pytest.raises(CustomerDiffers) as refused:
        services.change_customer(customer=customer, fields=_fields(**{name: value}), actor=actor)
    assert (refused.value.field, Mark.objects.count()) == (name, 1)


def test_who_pays_is_dated_and_only_added_to(books: Tenant, actor: Actor) -> None:
    root = _customer()
    child = _customer("c-02", parent=root)
    services.set_bill_to(customer=child, payer=root, from_at=MARCH, actor=actor)
    services.set_bill_to(customer=child, payer=root, from_at=MARCH, actor=actor)
    services.set_bill_to(customer=child, payer=child, from_at=FEBRUARY, actor=actor)
    rows = BillTo.objects.order_by("fact").values_list("payer__key", "from_at", "fact")
    assert list(rows) == [("c-01", MARCH, 3), ("c-02", FEBRUARY, 4)]
    assert list(Mark.objects.filter(number__gt=2).order_by("number").values_list("earliest_at", flat=True)) == [
        MARCH,
        FEBRUARY,
    ]


def test_naming_another_and_then_the_first_again_is_three_facts(books: Tenant, actor: Actor) -> None:
    """Only the latest of one start is in force: the same payer again is news once another came between."""
    root = _customer()
    child = _customer("c-02", parent=root)
    for payer in (root, child, root):
        services.set_bill_to(customer=child, payer=payer, from_at=MARCH, actor=actor)
    assert [row.payer.key for row in BillTo.objects.order_by("fact")] == ["c-01", "c-02", "c-01"]


def test_nobody_of_another_tree_pays(books: Tenant, actor: Actor) -> None:
    """A tree is billed under one lock."""
    one, other = _customer(), _customer("c-02")
    with pytest.raises(NotInTree) as refused:
        services.set_bill_to(customer=one, payer=other, from_at=MARCH, actor=actor)
    assert (refused.value.field, BillTo.objects.count()) == ("bill_to", 0)


SELLER: Mapping[str, Any] = {"key": "acme", "name": "Acme AI GmbH", "country": "DE"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", ""),
        ("name", ""),
        ("country", "Germany"),
        ("vat_id", "DE136695977"),
        ("address.country", {"country": "xx"}),
        ("email", "a\nb"),
        ("bank.iban", {"iban": "DE00"}),
        ("rounding", "down"),
        ("series", "INV-"),
    ],
)
def test_every_field_of_a_seller_is_checked_and_named(name: str, value: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_seller({**SELLER, name.partition(".")[0]: value})
    assert refused.value.field == name


def test_a_seller_is_made_and_changed(books: Tenant, actor: Actor) -> None:
    seller = services.create_seller(fields=SELLER, actor=actor)
    assert (seller.rounding, seller.series, seller.bank, seller.vat_id) == ("half_even", "INV-{number:06}", {}, "")
    services.change_seller(
        seller=seller, fields={**SELLER, "rounding": "half_up", "vat_id": "DE136695976"}, actor=actor
    )
    assert Seller.objects.values_list("rounding", "vat_id").get() == ("half_up", "DE136695976")
    assert AuditRecord.objects.filter(event__startswith="seller.").count() == 2


def test_a_buyer_is_frozen_as_canonical_text_under_a_salted_digest(books: Tenant) -> None:
    """An auditor who has the salt recomputes it; without it the digest tells nothing (billing rules §6.9)."""
    customer = _customer()
    first, again = (services.freeze_parties([customer])[customer.id] for _ in range(2))
    assert json.loads(first.body) == {
        "key": "c-01",
        "name": "Ann Doe",
        "address": ADDRESS,
        "tax_ids": ["EL094259216"],
    }
    for frozen in (first, again):
        kept = FrozenParty.objects.get(pk=frozen.pk)
        assert kept.digest == sha256(bytes(kept.salt) + kept.body.encode()).hexdigest()
        assert (len(kept.salt), kept.body) == (16, services.freeze_body(customer))
    assert first.digest != again.digest


def test_what_is_frozen_stays_when_the_customer_moves(books: Tenant, actor: Actor) -> None:
    customer = _customer()
    services.freeze_parties([customer])
    services.change_customer(customer=customer, fields=_fields(name="Bea Roe"), actor=actor)
    assert json.loads(FrozenParty.objects.get().body)["name"] == "Ann Doe"


def test_an_address_without_a_part_shows_it_empty(books: Tenant) -> None:
    customer = _customer(address={})
    assert services.buyer(customer)["address"] == {"lines": [], "city": "", "postcode": "", "country": ""}


def test_every_field_that_is_read_is_kept(books: Tenant) -> None:
    """Nothing that `read_customer` knows is forgotten on the way to the tables and back."""
    fields = _fields(
        kind="individual",
        time_zone="Asia/Kolkata",
        locale="de_DE",
        terms_days=0,
        consolidate=True,
        metadata={"a": ["b", None]},
    )
    services.create_customer(fields=fields, parent=None, actor=TESTER)
    default = read_customer({"key": "c-01", "name": "One", "currency": "USD"})
    assert services.current_fields(Customer.objects.select_related("party").get()) == fields
    changed = [name for name in fields.__struct_fields__ if getattr(fields, name) != getattr(default, name)]
    assert set(changed) == set(msgspec.structs.asdict(fields)) - {"key"}
