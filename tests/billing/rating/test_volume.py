"""Every unit at the tier that was reached."""

from __future__ import annotations

import pytest
from hypothesis import given

from billing.rating import volume
from contracts.prices import Volume
from core.money import from_pico
from tests.support import price_terms
from tests.support.rating import amount, price, rated, rows

TIERS = [
    {"up_to": "10", "unit_amount": "5", "flat_amount": "2"},
    {"up_to": "20", "unit_amount": "4", "flat_amount": "3"},
    {"up_to": None, "unit_amount": "1.5"},
]
PRICE = price("volume", tiers=TIERS)


@pytest.mark.parametrize(
    "quantity, expected",
    [
        ("0", "2"),
        ("0.000000000001", "2.000000000005"),
        ("9", "47"),
        ("10", "52"),
        ("10.000000000001", "43.000000000004"),
        ("11", "47"),
        ("20", "83"),
        ("20.5", "30.75"),
        ("1000000000", "1500000000"),
        ("-1", "-3"),
    ],
)
def test_all_units_cost_the_price_of_the_tier_reached(quantity, expected):
    """Bounds are inclusive; the total may fall where a bound is crossed."""
    assert amount(PRICE, quantity) == expected


@pytest.mark.parametrize("quantity, expected", [("-1", "-5"), ("0", "0"), ("1", "7")])
def test_without_charge_zero_nothing_used_owes_nothing(quantity, expected):
    """The first tier's flat amount then waits for the first usage."""
    assert amount(price("volume", tiers=TIERS, charge_zero=False), quantity) == expected


@pytest.mark.parametrize(
    "quantity, row",
    [
        ("4", "0..10  4 x 5 + 2 = 22"),
        ("11", "10..20  11 x 4 + 3 = 47"),
        ("21", "20..  21 x 1.5 + 0 = 31.5"),
        ("0", "0..10  0 x 5 + 2 = 2"),
        ("-1", "0..10  -1 x 5 + 2 = -3"),
    ],
)
def test_the_breakdown_is_the_tier_reached(quantity, row):
    """One row, with the bounds of the tier and all of the units."""
    assert rows(rated(PRICE, quantity)) == [row]


@given(tiers=price_terms.tiers(), quantity=price_terms.sizes)
def test_searching_the_tiers_one_by_one_comes_to_the_same(tiers, quantity):
    """The tier reached is the first whose bound is not below the quantity."""
    reached = next(tier for tier in tiers if tier.up_to is None or quantity <= tier.up_to)

    expected = from_pico(quantity) * reached.unit_amount + from_pico(reached.flat_amount)
    assert volume.rate(Volume(tiers=tiers), quantity).amount == expected
