"""A fixed fee for a period."""

from __future__ import annotations

from billing.rating.lines import Rated, rated, row
from contracts.prices import Flat
from core.money import PICO, from_pico


def rate(terms: Flat) -> Rated:
    """The fee, once, whatever was used: a quantity of one at the price of the fee."""
    return rated([row(quantity=PICO, unit_amount=from_pico(terms.amount))])
