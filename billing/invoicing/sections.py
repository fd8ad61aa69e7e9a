"""The lines of a canonical invoice document as texts, by customer and by subscription."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import msgspec

from billing.invoicing import wording
from billing.invoicing.formats import Reader, breakable, minor_unit

LineItem = Mapping[str, Any]


class Line(msgspec.Struct, frozen=True):
    """One line; `remarks` say what is unusual about it, `workings` how its amount came about."""

    description: str
    period: str
    remarks: tuple[str, ...]
    workings: tuple[str, ...]
    quantity: str
    unit_price: str
    amount: str


class Group(msgspec.Struct, frozen=True):
    """The lines of one subscription; no heading where its customer has no other."""

    heading: str
    lines: tuple[Line, ...]


class Section(msgspec.Struct, frozen=True):
    """The lines of one customer; no heading and no subtotal where the invoice has no other."""

    heading: str
    subtotal: str
    groups: tuple[Group, ...]


def sections_of(lines: Sequence[LineItem], *, reader: Reader) -> tuple[Section, ...]:
    """The lines in their order, each customer's together, and in it each subscription's.

    A line whose charges came to nothing between them (usage that arrived late and was voided) is left out.
    """
    lines = [line for line in lines if Fraction(line["amount"]) or line["breakdown"]]
    customers = _grouped(lines, by="customer")
    if len(customers) == 1:
        return (Section(heading="", subtotal="", groups=_groups(lines, reader)),)
    return tuple(
        Section(
            heading=breakable(theirs[0].get("customer_name") or theirs[0]["customer"]),
            subtotal=reader.money(sum((Fraction(line["amount"]) for line in theirs), Fraction(0))),
            groups=_groups(theirs, reader),
        )
        for theirs in customers
    )


def _groups(lines: Sequence[LineItem], reader: Reader) -> tuple[Group, ...]:
    subscriptions = _grouped(lines, by="subscription")
    several = len(subscriptions) > 1
    return tuple(
        Group(
            heading=breakable(f"Subscription {theirs[0]['subscription']}") if several else "",
            lines=tuple(_line(line, reader) for line in theirs),
        )
        for theirs in subscriptions
    )


def _grouped(lines: Sequence[LineItem], *, by: str) -> list[list[LineItem]]:
    groups: dict[str, list[LineItem]] = {}
    for line in lines:
        groups.setdefault(line[by], []).append(line)
    return list(groups.values())


def _line(line: LineItem, reader: Reader) -> Line:
    period, unit_amount = line["service_period"], _unit_amount(line["breakdown"])
    return Line(
        description=breakable(line["description"]),
        period=reader.span(period["start"], period["end"]),
        remarks=tuple(_remarks(line, reader)),
        workings=tuple(_workings(line, reader)),
        quantity=wording.counted(Fraction(line["quantity"]), line["unit"], reader=reader),
        unit_price="" if unit_amount is None else reader.money(unit_amount),
        amount=reader.money(Fraction(line["amount"])),
    )


def _remarks(line: LineItem, reader: Reader) -> Iterable[str]:
    if line["corrects"]:
        yield f"Corrects invoice {line['corrects']}"
    if line["late"]:
        yield "Usage that reached us after its period was billed"
    if abs(Fraction(line["amount"]) - Fraction(line["amount_exact"])) * 2 > minor_unit(reader.currency):
        yield "Includes rounding carried over from earlier invoices"


def _workings(line: LineItem, reader: Reader) -> Iterable[str]:
    """How the amount came about; nothing where the line's own columns say it all."""
    rows, unit_amount = line["breakdown"], _unit_amount(line["breakdown"])
    if unit_amount is not None and Fraction(line["quantity"]) * unit_amount == Fraction(line["amount"]):
        return
    words = wording.breakdown_words(rows, unit=line["unit"], reader=reader, days=_days(line["service_period"]))
    for row, phrase in zip(rows, words, strict=True):
        amount = wording.exact(row, "amount")
        stated = 0 if wording.exact(row, "unit_amount") else wording.exact(row, "flat_amount")
        yield phrase if amount == stated else f"{phrase} = {reader.money(amount)}"


def _days(period: Mapping[str, str]) -> int | None:
    """The calendar days of a service period; None where it starts or ends within one."""
    try:
        return (date.fromisoformat(period["end"]) - date.fromisoformat(period["start"])).days
    except ValueError:
        return None


def _unit_amount(rows: Sequence[wording.Row]) -> Fraction | None:
    """The one price that the whole line bears, if it bears only one."""
    if len(rows) != 1:
        return None
    price, flat = wording.exact(rows[0], "unit_amount"), wording.exact(rows[0], "flat_amount")
    if price:
        return None if flat else price
    quantity = wording.exact(rows[0], "quantity")
    return flat / quantity if rows[0].get("from") is None and quantity else None
