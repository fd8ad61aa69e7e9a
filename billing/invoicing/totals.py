"""Net, tax by category, and gross: sums of rounded lines (EN 16931 BR-CO-10, BR-CO-13, BR-CO-15). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from billing.invoicing.draft import DraftLine
from billing.tax.adapter import TaxableLine, TaxCategory, TaxEngine


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Pico-units; `rounding` is what the rounded lines leave of the exact ones."""

    net: int
    tax: int
    gross: int
    rounding: int
    categories: tuple[TaxCategory, ...]


def of(lines: Sequence[DraftLine], engine: TaxEngine) -> Totals:
    """The totals of a document with these lines."""
    net = sum(line.amount for line in lines)
    categories = tuple(engine.assess(list(_taxable(lines))))
    tax = sum(category.tax for category in categories)
    return Totals(
        net=net, tax=tax, gross=net + tax, rounding=net - sum(line.exact for line in lines), categories=categories
    )


def _taxable(lines: Iterable[DraftLine]) -> Iterable[TaxableLine]:
    return (TaxableLine(line_id=str(line.key_id), net=line.amount) for line in lines)
