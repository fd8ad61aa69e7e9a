"""A price for each unit."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.support.rating import amount, price, rated, rows


@pytest.mark.parametrize(
    "unit_amount, quantity, expected",
    [
        ("12.00", "5", "60"),
        ("12.00", "0", "0"),
        ("0.10", "123.456", "12.3456"),
        ("0.0000000000000015", "1000000", "0.0000000015"),
        ("0.000000000000001", "0.000000000001", "0.000000000000000000000000001"),
        ("12.00", "-2", "-24"),
    ],
)
def test_every_unit_costs_the_same(unit_amount, quantity, expected):
    """The amount is exact, however many decimals it takes; below zero it is linear too."""
    assert amount(price("per_unit", unit_amount=unit_amount), quantity) == expected


def test_seats_for_a_share_of_the_period():
    """Seats stay five at 12.00 each; what they cost is the share of 60."""
    line = rated(price("per_unit", unit_amount="12.00"), "5", share=Fraction(19, 28))

    assert line.amount == Fraction(60 * 19, 28)
    assert [(row.unit_amount, row.share) for row in line.breakdown] == [(Fraction(12), Fraction(19, 28))]
    assert rows(line) == ["..  5 x 12 + 0 = 40.714285714286"]
