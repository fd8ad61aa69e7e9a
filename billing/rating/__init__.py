"""Rating: what a quantity comes to under a price. One file for each price model."""

from __future__ import annotations

from fractions import Fraction
from typing import assert_never

from billing.rating import committed, flat, graduated, package, per_unit, volume
from billing.rating.lines import WHOLE, Rated, scale
from contracts.prices import Committed, Flat, Graduated, Package, PerUnit, PriceTerms, Volume
from metering.values import UsageValue


def rate(terms: PriceTerms, usage: UsageValue, *, share: Fraction = WHOLE) -> Rated:
    """What `usage` comes to under `terms`, for `share` of the period.

    The caller says what is prorated (billing rules §2.3). A fee is scaled as a whole; a committed price
    scales its amount and the quantity that it includes. Usage, with its tiers and free units, is never
    prorated: rate it with the whole share. What is paid for a fixed quantity, such as seats, is `scale`d.
    """
    if isinstance(terms, Committed):
        return committed.rate(terms, usage.quantity, share=share)
    return scale(_rate_whole(terms, usage.quantity), share)


def _rate_whole(terms: Flat | PerUnit | Graduated | Volume | Package, quantity: int) -> Rated:
    match terms:
        case Flat():
            return flat.rate(terms)
        case PerUnit():
            return per_unit.rate(terms, quantity)
        case Graduated():
            return graduated.rate(terms, quantity)
        case Volume():
            return volume.rate(terms, quantity)
        case Package():
            return package.rate(terms, quantity)
    assert_never(terms)
