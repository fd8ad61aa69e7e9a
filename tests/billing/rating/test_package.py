"""A price for each started package."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating import package
from contracts.prices import Package
from core.money import PICO
from tests.support.rating import amount, price, rated, rows

PRICE = price("package", package_size="1000", amount_per_package="0.40", free_units="5000")


@pytest.mark.parametrize(
    "quantity, expected",
    [
        ("-7000", "0"),
        ("0", "0"),
        ("5000", "0"),
        ("5000.000000000001", "0.4"),
        ("5001", "0.4"),
        ("5999.5", "0.4"),
        ("6000", "0.4"),
        ("6000.000000000001", "0.8"),
        ("6001", "0.8"),
        ("25000", "8"),
    ],
)
def test_a_started_package_is_owed_in_full(quantity, expected):
    """Free units first; up to them, and below zero, no package is started."""
    assert amount(PRICE, quantity) == expected


@pytest.mark.parametrize(
    "quantity, shown",
    [
        ("4000", ["0..5000  4000 x 0 + 0 = 0"]),
        ("7500", ["0..5000  5000 x 0 + 0 = 0", "5000..  2500 x 0 + 1.2 = 1.2"]),
        ("0", []),
        ("-10", ["0..5000  -10 x 0 + 0 = 0"]),
    ],
)
def test_the_breakdown_sets_free_units_apart(quantity, shown):
    """The packages' row holds the units beyond the free ones and the price of all started packages."""
    assert rows(rated(PRICE, quantity)) == shown


def test_a_package_may_hold_a_part_of_a_unit():
    """2.5 units in packages of 0.75 start four packages."""
    assert amount(price("package", package_size="0.75", amount_per_package="1"), "2.5") == "4"


@given(size=st.integers(1, 12), free=st.integers(0, 12), units=st.integers(-5, 60))
def test_opening_packages_one_by_one_comes_to_the_same(size, free, units):
    """A slow count that opens a package whenever one is needed agrees at every whole quantity."""
    packages, room = 0, 0
    for _ in range(units - free):
        if room == 0:
            packages, room = packages + 1, size
        room -= 1

    terms = Package(package_size=size * PICO, amount_per_package=3 * PICO, free_units=free * PICO)
    assert package.rate(terms, units * PICO).amount == 3 * packages
