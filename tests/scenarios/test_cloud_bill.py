"""A real cloud bill (FOCUS 1.0) billed again from its rows, compared with exact products and with what was billed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import pytest

from billing.models import Charge, ChargeKeyRow
from core.models import Tenant
from core.money import parse_pico
from tests.support import real_input, world
from tests.support.commands import documents, succeed

pytestmark = [pytest.mark.usefixtures("books"), real_input.present]

FILE = "focus_cloud_bill.csv"
#: Rows whose billed cost is not quantity x list price, counted from 0 below the header, and why.
COMMITTED = "paid for by a commitment: nothing was billed"
OTHER_UNIT = "the printed price is for 10,000 times less than the billed one: the row's ContractedCost is the product"
DIFFERING = {11: COMMITTED, 55: COMMITTED, 91: COMMITTED, 130: COMMITTED, 445: OTHER_UNIT}
#: (sub-account, SkuId, SkuPriceId).
Pair = tuple[str, str, str]


def price_key(row: Mapping[str, str]) -> str:
    return f"{row['SkuId']}/{row['SkuPriceId']}"


def product(row: Mapping[str, str]) -> Fraction:
    return Fraction(row["PricingQuantity"]) * Fraction(row["ListUnitPrice"])


def set_up(rows: list[dict[str, str]]) -> None:
    """Each (SkuId, SkuPriceId) a meter and a price, each sub-account a customer whose billing account pays.

    A billing account also owes a fee of its own: the smallest one's usage alone would round to nothing,
    and such a draft is carried forward instead of becoming a document that can be explained.
    """
    prices = {price_key(row): row for row in rows}
    accounts = sorted({row["BillingAccountId"] for row in rows})
    owners = {row["SubAccountId"]: row["BillingAccountId"] for row in rows}
    support = {"key": "support", "model": "flat", "amount": "1.00", "timing": "arrears"}
    world.apply(
        {
            "customers": [
                *[world.customer(key, subjects=[]) for key in accounts],
                *[
                    world.customer(key, parent=owner, bill_to=owner, consolidate=True)
                    for key, owner in sorted(owners.items())
                ],
            ],
            "meters": [meter(key, row) for key, row in prices.items()],
            "products": [{"key": "product", "name": "Cloud"}],
            "plans": [
                world.plan("list", [price(key, row) for key, row in prices.items()]),
                world.plan("support", [support]),
            ],
            "subscriptions": [
                *[subscription(key, "list") for key in sorted(owners)],
                *[subscription(key, "support") for key in accounts],
            ],
        }
    )


def meter(key: str, row: Mapping[str, str]) -> dict[str, Any]:
    """Filtered by both ids; Oracle's rows have an empty SkuPriceId, which is a value like any other."""
    return {
        "key": key,
        "event_type": "charge.used",
        "aggregation": "sum",
        "property": "PricingQuantity",
        "filter": {"SkuId": [row["SkuId"]], "SkuPriceId": [row["SkuPriceId"]]},
    }


def price(key: str, row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": key,
        "meter": key,
        "unit": row["PricingUnit"],
        "model": "per_unit",
        "unit_amount": row["ListUnitPrice"],
    }


def subscription(customer: str, plan: str) -> dict[str, Any]:
    return {"key": f"s-{customer}", "customer": customer, "plan": plan, "start": world.day("2024-09-01")}


def import_file(tenant: Tenant) -> dict[str, int]:
    """The file as it is, by the real command: its times are UTC without saying so."""
    columns = {
        "type": "charge.used",
        "source": "focus",
        "subject-column": "SubAccountId",
        "time-column": "ChargePeriodStart",
        "id-column": "Id",
        "data-columns": "SkuId,SkuPriceId,PricingQuantity",
        "time-zone": "UTC",
    }
    options = [text for name, value in columns.items() for text in (f"--{name}", value)]
    path = str(real_input.path(FILE))
    counts: dict[str, int] = succeed("import_events", path, "--tenant", tenant.key, *options, "--json").json
    return counts


def booked() -> dict[Pair, int]:
    """(sub-account, price) → pico-amount under its charge key."""
    found = defaultdict[Pair, int](int)
    rows = Charge.objects.filter(key__kind=ChargeKeyRow.Kind.USAGE)
    for customer, key, amount in rows.values_list("key__subscription__customer__key", "key__price__key", "amount"):
        sku, _, sku_price = key.partition("/")
        found[customer, sku, sku_price] += amount
    return dict(found)


def explained(tenant: Tenant, paper: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A document's usage lines, taken apart by the real command."""
    return [
        succeed("explain", paper["number"], str(position), "--tenant", tenant.key, "--json").json
        for position, line in enumerate(paper["lines"], start=1)
        if line["kind"] == "usage"
    ]


def exact_amounts(rows: list[dict[str, str]]) -> dict[Pair, int]:
    """Price times summed quantity, set once to a pico, in plain Python."""
    quantities, prices = defaultdict[Pair, Fraction](Fraction), dict[Pair, Fraction]()
    for row in rows:
        pair = (row["SubAccountId"], row["SkuId"], row["SkuPriceId"])
        quantities[pair] += Fraction(row["PricingQuantity"])
        prices[pair] = Fraction(row["ListUnitPrice"])
    return {pair: round(quantity * prices[pair] * 10**12) for pair, quantity in quantities.items()}


def by_customer(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Sums, those of nothing left out."""
    found = defaultdict[str, int](int)
    for customer, amount in amounts:
        found[customer] += amount
    return {customer: amount for customer, amount in found.items() if amount}


def test_a_real_cloud_bill_comes_out_exact(books: Tenant) -> None:
    """Each amount is price times summed quantity to a pico; a total is their sum; each row explains its product."""
    rows = real_input.rows(FILE)
    set_up(rows)
    counts = import_file(books)
    assert (counts["rows"], counts["accepted"]) == (446, 446)
    world.bill("2024-10-01")

    expected = exact_amounts(rows)
    assert booked() == {pair: amount for pair, amount in expected.items() if amount}

    papers = documents(books.key)
    lines = [line for paper in papers for line in explained(books, paper)]
    shown = by_customer((told["line"]["customer"], parse_pico(told["line"]["amount_exact"])) for told in lines)
    assert shown == by_customer((pair[0], amount) for pair, amount in expected.items())
    assert_each_account_pays_for_its_own(papers, rows)

    products = {event["id"]: Fraction(event["amount"]) for told in lines for event in told["events"]}
    assert {identity: amount for identity, amount in products.items() if amount} == {
        row["Id"]: product(row) for row in rows if product(row)
    }
    assert_billed_alike(rows, products)


def assert_each_account_pays_for_its_own(papers: list[dict[str, Any]], rows: list[dict[str, str]]) -> None:
    """One document for each billing account, with the lines of all its sub-accounts."""
    owners = {row["SubAccountId"]: row["BillingAccountId"] for row in rows}
    assert sorted(paper["buyer"]["key"] for paper in papers) == sorted(set(owners.values()))
    for paper in papers:
        served = {line["customer"] for line in paper["lines"] if line["kind"] == "usage"}
        assert {owners[customer] for customer in served} == {paper["buyer"]["key"]}


def assert_billed_alike(rows: list[dict[str, str]], products: Mapping[str, Fraction]) -> None:
    """What the provider billed is within 10⁻⁹ a row, but for the few rows that are named."""
    differing = {
        index
        for index, row in enumerate(rows)
        if abs(products.get(row["Id"], Fraction(0)) - Fraction(row["BilledCost"])) > Fraction(1, 10**9)
    }
    assert differing == set(DIFFERING)
    for index, why in DIFFERING.items():
        row, billed = rows[index], Fraction(rows[index]["BilledCost"])
        if why == COMMITTED:
            assert row["PricingCategory"] == "Committed"
            assert billed == 0
        else:
            assert billed == 10_000 * product(row)
            assert Fraction(row["ContractedCost"]) == round(product(row), 11)
