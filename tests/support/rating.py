"""Rating in the words of a price list: quoted decimals in, exact amounts and readable rows out."""

from __future__ import annotations

from fractions import Fraction

from billing.rating import rate
from billing.rating.lines import Rated
from contracts.prices import PriceTerms, read_terms
from core.money import format_exact, format_pico, parse_pico
from metering.values import UsageValue


def price(model: str, **fields: object) -> PriceTerms:
    """The terms of a price, from its fields as a book file writes them."""
    return read_terms(model, fields, path="price")


def rated(terms: PriceTerms, quantity: str, *, share: Fraction = Fraction(1)) -> Rated:
    """`quantity`, a plain decimal, rated under `terms`."""
    return rate(terms, UsageValue(quantity=parse_pico(quantity)), share=share)


def amount(terms: PriceTerms, quantity: str, *, share: Fraction = Fraction(1)) -> str:
    """What `quantity` comes to, as a plain decimal."""
    return format_exact(rated(terms, quantity, share=share).amount)


def rows(line: Rated) -> list[str]:
    """Each row as `from..to  quantity x unit + flat = amount`; without bounds `..`."""
    return [
        f"{_bound(row.start)}..{_bound(row.end)}  {format_pico(row.quantity)} x {format_exact(row.unit_amount)}"
        f" + {format_pico(row.flat_amount)} = {format_exact(row.amount)}"
        for row in line.breakdown
    ]


def _bound(quantity: int | None) -> str:
    return "" if quantity is None else format_pico(quantity)
