"""A price for each started package."""

from __future__ import annotations

from billing.rating.lines import Rated, rated, row
from contracts.prices import Package


def rate(terms: Package, quantity: int) -> Rated:
    """Every package that `quantity` pico-units start beyond the free units is owed in full.

    Up to the free units, and below zero, no package is started. The packages' row has no unit price:
    its flat amount is their number times the price of one.
    """
    free = min(quantity, terms.free_units)
    packages = -((free - quantity) // terms.package_size)
    return rated(
        [
            row(start=0, end=terms.free_units, quantity=free),
            row(start=terms.free_units, quantity=quantity - free, flat_amount=packages * terms.amount_per_package),
        ]
    )
