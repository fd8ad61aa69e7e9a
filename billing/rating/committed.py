"""A prepaid quantity, used or not, and a price for each unit beyond it."""

from __future__ import annotations

from fractions import Fraction

from billing.rating.lines import WHOLE, Rated, rated, row
from contracts.prices import Committed


def rate(terms: Committed, quantity: int, *, share: Fraction = WHOLE) -> Rated:
    """The committed amount, and the overage of `quantity` pico-units beyond what it includes.

    `share` of a period owes that share of the amount and includes that share of the units, set to a
    pico, half-even (billing rules §2.3); the price of the overage stays. A quantity below zero owes the amount.
    """
    included = round(terms.included * share)
    within = min(quantity, included)
    return rated(
        [
            row(start=0, end=included, quantity=within, flat_amount=terms.amount, share=share),
            row(start=included, quantity=quantity - within, unit_amount=terms.overage_unit_amount),
        ]
    )
