"""Each tier at its own price."""

from __future__ import annotations

from billing.rating.lines import BreakdownRow, Rated, rated, row
from contracts.prices import Graduated, Tier


def rate(terms: Graduated, quantity: int) -> Rated:
    """`quantity` pico-units spread over the tiers from the bottom; bounds are inclusive.

    A tier's flat amount is owed once the quantity reaches above its lower bound; the first tier's at
    zero too, unless `charge_zero` is false. A quantity below zero lies in the first tier.
    """
    rows, start = [], 0
    for i, tier in enumerate(terms.tiers):
        if i > 0 and quantity <= start:
            break
        rows.append(_row(tier, start, quantity, entered=quantity > start or terms.charge_zero))
        start = tier.up_to or 0
    return rated(rows)


def _row(tier: Tier, start: int, quantity: int, *, entered: bool) -> BreakdownRow:
    reached = quantity if tier.up_to is None else min(quantity, tier.up_to)
    return row(
        start=start,
        end=tier.up_to,
        quantity=reached - start,
        unit_amount=tier.unit_amount,
        flat_amount=tier.flat_amount if entered else 0,
    )
