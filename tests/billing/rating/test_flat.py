"""A fixed fee for a period."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.support.rating import amount, price, rated, rows

FEE = price("flat", amount="49.00")


@pytest.mark.parametrize("quantity", ["0", "1", "1000", "-3"])
def test_the_fee_is_owed_whatever_was_used(quantity):
    """Usage plays no part; the fee's own quantity is one."""
    assert rows(rated(FEE, quantity)) == ["..  1 x 49 + 0 = 49"]


@pytest.mark.parametrize(
    "share, expected",
    [
        (Fraction(1), "49"),
        (Fraction(14, 28), "24.5"),
        (Fraction(17, 31), "26.870967741935"),
        (Fraction(0), "0"),
    ],
)
def test_a_share_of_the_period_owes_that_share_of_the_fee(share, expected):
    """Proration scales the exact amount and leaves the price as it was agreed."""
    line = rated(FEE, "0", share=share)

    assert line.amount == 49 * share
    assert amount(FEE, "0", share=share) == expected
    assert [(row.unit_amount, row.share) for row in line.breakdown] == [(49, share)]


def test_a_fee_of_nothing_is_still_a_fee():
    """A line that costs nothing can be shown."""
    assert rows(rated(price("flat", amount="0"), "5")) == ["..  1 x 0 + 0 = 0"]
