"""Every unit at the tier that was reached."""

from __future__ import annotations

from bisect import bisect_left

from billing.rating.lines import Rated, rated, row
from contracts.prices import Volume


def rate(terms: Volume, quantity: int) -> Rated:
    """All of `quantity` pico-units at the price of the tier that holds it; bounds are inclusive.

    The tier's flat amount is owed once; at zero usage the first tier's, unless `charge_zero` is false.
    A quantity below zero lies in the first tier. The amount can fall where a bound is crossed.
    """
    bounds = [tier.up_to for tier in terms.tiers[:-1] if tier.up_to is not None]
    reached = bisect_left(bounds, quantity)
    tier = terms.tiers[reached]
    return rated(
        [
            row(
                start=bounds[reached - 1] if reached else 0,
                end=tier.up_to,
                quantity=quantity,
                unit_amount=tier.unit_amount,
                flat_amount=tier.flat_amount if quantity > 0 or terms.charge_zero else 0,
            )
        ]
    )
