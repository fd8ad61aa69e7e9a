"""The canonical invoice document (interfaces §4): its sealed form, its digest, and the whole of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.invoicing import documents, totals
from billing.invoicing.documents import Heading
from billing.invoicing.draft import DraftLine
from billing.tax.none import NoTax
from core import canonical
from core.access.scope import tenant_scope
from core.models import new_id
from customers.models import Customer, FrozenParty, Seller
from tests.billing.invoicing.drafting import FEE, draft, entry, facts, lines, rated
from tests.support.agreements import price
from tests.support.rating import rated as rate_quantity
from tests.support.world import instant

HEADING = Heading(
    number="INV-000042", issued_on=date(2026, 2, 1), due_on=date(2026, 3, 3), terms_days=30, locale="de_DE"
)
BODY = canonical.encode({"key": "c-01", "name": "Ann Doe", "address": {"lines": [], "country": "GR"}, "tax_ids": []})


@pytest.fixture(autouse=True)
def scope() -> Iterator[None]:
    """Rows that are never saved belong to somebody, too."""
    with tenant_scope(new_id()):
        yield


def _party() -> FrozenParty:
    salt = bytes(16)
    return FrozenParty(salt=salt, body=BODY, digest=sha256(salt + BODY.encode()).hexdigest())


def _sealed(*several: DraftLine, currency: str = "EUR", zone: str = "UTC", **heading: Any) -> dict[str, Any]:
    made = draft(several or lines(entry("2.345")), currency=currency)
    return documents.sealed(
        made,
        totals.of(made.lines, NoTax()),
        Heading(**heading) if heading else HEADING,
        seller=Seller(key="acme", name="Acme AI GmbH", country="DE", vat_id="DE136695976", email="a@acme.example"),
        payer=Customer(key="c-01", time_zone=zone, currency=currency),
        party_digest=_party().digest,
    )


def test_the_sealed_form_says_everything_that_is_frozen_and_nothing_of_the_buyer() -> None:
    form = _sealed()
    assert form | {"lines": []} == {
        "format": 1,
        "number": "INV-000042",
        "kind": "invoice",
        "currency": "EUR",
        "seller": {
            "key": "acme",
            "name": "Acme AI GmbH",
            "address": {"lines": [], "city": "", "postcode": "", "country": "DE"},
            "tax_ids": ["DE136695976"],
            "email": "a@acme.example",
            "bank": None,
        },
        "buyer": {"key": "c-01", "party_digest": _party().digest},
        "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "issued_on": "2026-02-01",
        "due_on": "2026-03-03",
        "payment_terms_days": 30,
        "locale": "de_DE",
        "lines": [],
        "totals": {"net": "2.34", "tax": "0.00", "gross": "2.34", "rounding": "-0.005000000000"},
    }
    assert "Ann Doe" not in canonical.encode(form)


def test_a_line_is_told_in_the_clients_own_keys_and_decimal_strings() -> None:
    known = facts(dimensions=(("model", "large"), ("region", None), ("tier", "")))
    (made,) = lines(entry("2.345", late=True), named_as={"k": known})
    (line,) = _sealed(made)["lines"]
    assert line == {
        "id": str(made.key_id),
        "customer": "c-01",
        "subscription": "s-01",
        "price": "tokens",
        "product": "product",
        "kind": "usage",
        "description": "Late usage: Product · Tokens (model: large, tier: (empty))",
        "service_period": {"start": "2026-01-01", "end": "2026-02-01"},
        "quantity": "2.345",
        "unit": "token",
        "amount_exact": "2.345000000000",
        "amount": "2.34",
        "late": True,
        "corrects": None,
        "dimensions": {"model": "large", "tier": ""},
        "breakdown": [
            {
                "from": None,
                "to": None,
                "quantity": "2.345",
                "unit_amount": "1",
                "flat_amount": "0",
                "amount": "2.345",
            }
        ],
    }


@pytest.mark.parametrize(
    ("currency", "amount", "shown"), [("USD", "2.5", "2.50"), ("JPY", "2.5", "2"), ("KWD", "2.5", "2.500")]
)
def test_amounts_have_the_currencys_own_decimals(currency: str, amount: str, shown: str) -> None:
    digits = documents.digits_of(currency)
    form = _sealed(*lines(entry(amount), digits=digits), currency=currency)
    assert (form["lines"][0]["amount"], form["totals"]["gross"]) == (shown, shown)
    assert form["lines"][0]["amount_exact"] == "2.500000000000"


def test_packages_are_told_by_size_and_price() -> None:
    """So that a page can say `2 packages of 1,000 at 0.40`."""
    calls = price("calls", "package", metered=True, package_size="1000", amount_per_package="0.40", free_units="400")
    made = lines(entry("0.8", moved=rate_quantity(calls.terms, "1500")), named_as={"k": facts(calls)})
    free, paid = _sealed(*made)["lines"][0]["breakdown"]
    assert "package_size" not in free
    assert (paid["package_size"], paid["package_amount"], paid["flat_amount"]) == ("1000", "0.4", "0.8")


def test_without_a_number_it_is_a_draft() -> None:
    form = _sealed(number=None, issued_on=None, due_on=None, terms_days=30, locale="en")
    assert (form["number"], form["issued_on"], form["due_on"]) == (None, None, None)


def _whole(form: dict[str, Any], **state: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"status": "open", "due": 234 * 10**10, "digest": documents.digest(form)}
    return documents.whole(form, party=BODY, **{**said, **state})


def test_the_whole_document_has_the_buyer_and_what_is_left_to_pay() -> None:
    whole = _whole(_sealed())
    assert (whole["buyer"]["name"], whole["status"]) == ("Ann Doe", "open")
    assert (whole["totals"]["due"], whole["totals"]["credit_applied"]) == ("2.34", "0.00")
    assert whole["digest"] == documents.digest(_sealed())


@pytest.mark.parametrize(
    "state", [{}, {"status": "paid", "due": 0}, {"status": "void", "due": 0}, {"credit_applied": 10**12}]
)
def test_whatever_its_state_a_document_seals_to_the_same_digest_again(state: dict[str, Any]) -> None:
    """An auditor has the document and the salt, and nothing else (billing rules §6.9)."""
    form = _sealed()
    whole = json.loads(canonical.encode(_whole(form, **state)))
    assert documents.sealed_again(whole, _party()) == form
    assert documents.digest(documents.sealed_again(whole, _party())) == whole["digest"]


@pytest.mark.parametrize(
    "path",
    [
        ("number",),
        ("issued_on",),
        ("totals", "gross"),
        ("lines", 0, "amount"),
        ("lines", 0, "description"),
        ("lines", 0, "breakdown", 0, "unit_amount"),
        ("seller", "name"),
        ("buyer", "key"),
    ],
)
def test_whatever_is_changed_gives_another_digest(path: tuple[str | int, ...]) -> None:
    whole = _whole(_sealed())
    place: Any = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "forged"
    assert documents.digest(documents.sealed_again(whole, _party())) != whole["digest"]


def test_another_buyer_has_another_digest() -> None:
    """The party's digest stands for the person."""
    other = FrozenParty(salt=bytes(16), body=BODY, digest="0" * 64)
    whole = _whole(_sealed())
    assert documents.digest(documents.sealed_again(whole, other)) != whole["digest"]


@pytest.mark.parametrize(
    ("start", "end", "zone", "shown"),
    [
        ("2026-01-01", "2026-02-01", "UTC", ("2026-01-01", "2026-02-01")),
        # The customer's midnights.
        ("2025-12-31T22:00", "2026-01-31T22:00", "Europe/Athens", ("2026-01-01", "2026-02-01")),
        ("2025-12-31T18:30", "2026-01-31T18:30", "Asia/Kolkata", ("2026-01-01", "2026-02-01")),
        ("2026-01-01T08:00", "2026-02-01T08:00", "America/Los_Angeles", ("2026-01-01", "2026-02-01")),
        # Not at a midnight there: the instants themselves.
        ("2026-01-01", "2026-01-31T22:00", "Europe/Athens", ("2026-01-01T00:00:00Z", "2026-02-01")),
        ("2025-12-31T22:00", "2026-01-15T10:30", "Europe/Athens", ("2026-01-01", "2026-01-15T10:30:00Z")),
        (
            "2025-12-31T22:00:00.000001",
            "2026-01-31T22:00",
            "Europe/Athens",
            ("2025-12-31T22:00:00.000001Z", "2026-02-01"),
        ),
        # Where clocks skip midnight, the day begins an hour later: Beirut, 29 March 2026.
        ("2026-03-28T22:00", "2026-03-29T21:00", "Asia/Beirut", ("2026-03-29", "2026-03-30")),
    ],
)
def test_a_service_period_is_days_in_the_customers_zone_or_instants(
    start: str, end: str, zone: str, shown: tuple[str, str]
) -> None:
    one = entry("1", service_start=instant(start), service_end=instant(end))
    (line,) = _sealed(*lines(one, named_as={"k": facts(zone=zone)}))["lines"]
    assert (line["service_period"]["start"], line["service_period"]["end"]) == shown


@pytest.mark.parametrize(
    ("services", "zone", "shown"),
    [
        ([("2026-01-01", "2026-02-01")], "UTC", ("2026-01-01", "2026-02-01")),
        ([("2026-01-01", "2026-01-15"), ("2026-02-01", "2026-03-01")], "UTC", ("2026-01-01", "2026-03-01")),
        ([("2026-01-01", "2026-01-15T10:00")], "UTC", ("2026-01-01", "2026-01-16")),
        ([("2025-12-31T22:00", "2026-01-31T22:00")], "Europe/Athens", ("2026-01-01", "2026-02-01")),
        ([("2025-12-31T22:00", "2026-01-31T22:00")], "UTC", ("2025-12-31", "2026-02-01")),
    ],
)
def test_the_documents_period_is_the_payers_days_in_which_its_services_lie(
    services: list[tuple[str, str]], zone: str, shown: tuple[str, str]
) -> None:
    """Half-open; a day that is only touched is in it (EN 16931 BG-14)."""
    entries = [
        entry("1", key=f"k{n}", service_start=instant(start), service_end=instant(end))
        for n, (start, end) in enumerate(services)
    ]
    found = documents.service_dates(lines(*entries), ZoneInfo(zone))
    assert (found["start"], found["end"]) == shown


@pytest.mark.parametrize(
    ("made", "described"),
    [
        (lines(entry("5")), "Product · Tokens"),
        (lines(entry("-5")), "Correction: Product · Tokens"),
        (lines(entry("5"), named_as={"k": facts(FEE)}), "Product · Fee"),
        (
            lines(entry("-5", moved=rated("1", FEE)), named_as={"k": facts(FEE)}),
            "Credit for unused time: Product · Fee",
        ),
    ],
)
def test_the_words_of_a_line(made: tuple[DraftLine, ...], described: str) -> None:
    """A price without a name is called after its key."""
    assert documents.describe(made[0]) == described
