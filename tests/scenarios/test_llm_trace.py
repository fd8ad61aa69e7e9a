"""An hour of real requests to a language model, billed, and every figure compared with plain sums over the file."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from billing.models import Charge
from core.models import Tenant
from tests.support import real_input, world
from tests.support.commands import documents, succeed

pytestmark = [pytest.mark.usefixtures("books"), real_input.present]

CUSTOMERS = 50
#: (up to, price of a token): an hour's 450,000 tokens a customer reach into the third tier.
INPUT_TIERS = (("150000", "0.0000031"), ("400000", "0.0000027"), (None, "0.0000019"))
OUTPUT_PRICE = "0.0000073"
Row = Mapping[str, str]
#: (customer, price) → exact amount.
Owed = Mapping[tuple[str, str], Fraction]


def trace() -> list[dict[str, str]]:
    """The file's rows, each with a customer and an event id."""
    return [
        {"id": str(number), "customer": f"acme-{number % CUSTOMERS:02}", **row}
        for number, row in enumerate(real_input.rows("llm_trace.csv"), start=1)
    ]


def owed(rows: Iterable[Row]) -> Owed:
    """What the rows come to, without a line of the project's code."""
    context, generated = defaultdict[str, int](int), defaultdict[str, int](int)
    for row in rows:
        context[row["customer"]] += int(row["ContextTokens"])
        generated[row["customer"]] += int(row["GeneratedTokens"])
    found: dict[tuple[str, str], Fraction] = {}
    for customer, tokens in context.items():
        found[customer, "input"] = Fraction(0)
        below = 0
        for up_to, price in INPUT_TIERS:
            bound = tokens if up_to is None else min(tokens, int(up_to))
            found[customer, "input"] += max(0, bound - below) * Fraction(price)
            below = bound
        found[customer, "output"] = generated[customer] * Fraction(OUTPUT_PRICE)
    return found


def in_cents(amount: Fraction) -> int:
    """Half-even, as Python's round is."""
    return round(amount * 100)


def in_picos(amount: Fraction) -> int:
    return round(amount * 10**12)


def set_up() -> None:
    tiers = [{"up_to": up_to, "unit_amount": price} for up_to, price in INPUT_TIERS]
    names = [f"acme-{number:02}" for number in range(CUSTOMERS)]
    world.apply(
        {
            "customers": [world.customer(name) for name in names],
            "meters": [meter("input", "ContextTokens"), meter("output", "GeneratedTokens")],
            "products": [{"key": "product", "name": "Language model API"}],
            "plans": [
                world.plan(
                    "payg",
                    [
                        {"key": "input", "meter": "input", "model": "graduated", "tiers": tiers},
                        {"key": "output", "meter": "output", "model": "per_unit", "unit_amount": OUTPUT_PRICE},
                    ],
                )
            ],
            "subscriptions": [
                {"key": f"s-{name}", "customer": name, "plan": "payg", "start": world.day("2023-11-01")}
                for name in names
            ],
        }
    )


def meter(key: str, property: str) -> dict[str, Any]:
    return {"key": key, "event_type": "llm.request", "aggregation": "sum", "property": property}


def import_rows(tenant: Tenant, rows: Iterable[Row], file: Path) -> dict[str, int]:
    """What became of the rows, by the real command."""
    several = list(rows)
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(several[0]))
        writer.writeheader()
        writer.writerows(several)
    columns = ["--subject-column", "customer", "--time-column", "TIMESTAMP", "--id-column", "id", "--time-zone", "UTC"]
    named = ["--tenant", tenant.key, "--type", "llm.request", "--source", "trace"]
    counts: dict[str, int] = succeed("import_events", str(file), *named, *columns, "--json").json
    return counts


def booked() -> dict[tuple[str, str], int]:
    """(customer, price) → pico-amount under its charge key."""
    found = defaultdict[tuple[str, str], int](int)
    rows = Charge.objects.values_list("key__subscription__customer__key", "key__price__key", "amount")
    for customer, price, amount in rows:
        found[customer, price] += amount
    return dict(found)


def shown(papers: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Fraction]:
    """(customer, price) → what the documents show of it in all."""
    found = defaultdict[tuple[str, str], Fraction](Fraction)
    for paper in papers:
        for line in paper["lines"]:
            found[line["customer"], line["price"]] += Fraction(line["amount"])
    return dict(found)


def test_every_line_and_invoice_is_what_plain_python_says(books: Tenant, tmp_path: Path) -> None:
    """Imported, billed; imported again, billed again: zero accepted, zero posted."""
    rows = trace()
    expected = owed(rows)
    set_up()
    assert import_rows(books, rows, tmp_path / "all.csv")["accepted"] == len(rows) == 19_366
    world.bill("2023-12-01")

    assert booked() == {key: in_picos(amount) for key, amount in expected.items()}
    papers = documents(books.key)
    assert len(papers) == CUSTOMERS
    for paper in papers:
        customer = paper["buyer"]["key"]
        lines = {line["price"]: line for line in paper["lines"]}
        assert set(lines) == {"input", "output"}
        for price, line in lines.items():
            assert Fraction(line["amount_exact"]) == expected[customer, price]
            assert Fraction(line["amount"]) == Fraction(in_cents(expected[customer, price]), 100)
        total = sum(in_cents(expected[customer, price]) for price in lines)
        assert [Fraction(paper["totals"][name]) for name in ("net", "gross", "due")] == [Fraction(total, 100)] * 3

    again = import_rows(books, rows, tmp_path / "all.csv")
    assert (again["accepted"], again["duplicate"]) == (0, len(rows))
    repeated = world.bill("2023-12-01")
    assert (repeated.charges, repeated.invoices) == (0, [])


def test_rows_that_come_late_change_nothing_in_the_end(books: Tenant, tmp_path: Path) -> None:
    """Every 37th row comes after the month was billed: the same under each key to a pico, on 1100 to the cent."""
    rows = trace()
    late = rows[36::37]
    in_time = [row for number, row in enumerate(rows, start=1) if number % 37]
    set_up()
    import_rows(books, in_time, tmp_path / "in time.csv")
    world.bill("2023-12-01")
    assert booked() == {key: in_picos(amount) for key, amount in owed(in_time).items()}

    assert import_rows(books, late, tmp_path / "late.csv")["accepted"] == len(late) == 523
    world.bill("2024-01-01")

    expected = owed(rows)
    assert booked() == {key: in_picos(amount) for key, amount in expected.items()}
    papers = documents(books.key)
    second = [line for paper in papers[CUSTOMERS:] for line in paper["lines"]]
    assert second
    assert all(line["late"] for line in second)
    assert shown(papers) == {key: Fraction(in_cents(amount), 100) for key, amount in expected.items()}
    assert Fraction(world.balance(1100)) == Fraction(sum(map(in_cents, expected.values())), 100)
    assert world.balance(1200) == "0"
