"""A price for each unit."""

from __future__ import annotations

from billing.rating.lines import Rated, rated, row
from contracts.prices import PerUnit


def rate(terms: PerUnit, quantity: int) -> Rated:
    """`quantity` pico-units at one price; a negative quantity owes a negative amount."""
    return rated([row(quantity=quantity, unit_amount=terms.unit_amount)])
