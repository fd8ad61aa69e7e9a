"""A prepaid quantity, used or not, and a price for each unit beyond it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from core.money import PICO
from tests.support.rating import amount, price, rated, rows

PRICE = price("committed", included="100", amount="250.00", overage_unit_amount="3.10")


@pytest.mark.parametrize(
    "quantity, expected",
    [
        ("-1", "250"),
        ("0", "250"),
        ("99", "250"),
        ("100", "250"),
        ("100.000000000001", "250.0000000000031"),
        ("101", "253.1"),
        ("180", "498"),
    ],
)
def test_the_committed_amount_is_owed_in_any_case(quantity, expected):
    """Up to the included quantity nothing is added; each unit beyond costs the overage price."""
    assert amount(PRICE, quantity) == expected


def test_the_breakdown_sets_overage_apart():
    """What is included, and what lies beyond."""
    assert rows(rated(PRICE, "104")) == ["0..100  100 x 0 + 250 = 250", "100..  4 x 3.1 + 0 = 12.4"]


@pytest.mark.parametrize(
    "quantity, expected",
    [("0", Fraction(125)), ("50", Fraction(125)), ("51", Fraction("128.1")), ("100", Fraction(280))],
)
def test_half_a_period_commits_half(quantity, expected):
    """Amount and included quantity are prorated, the overage price is not (billing rules §2.3)."""
    assert rated(PRICE, quantity, share=Fraction(1, 2)).amount == expected


@pytest.mark.parametrize(
    "included, share, end",
    [
        ("100", Fraction(17, 31), 54_838_709_677_419),
        ("0.000000000001", Fraction(1, 2), 0),
        ("0.000000000003", Fraction(1, 2), 2),
    ],
)
def test_a_share_of_the_included_quantity_is_set_to_a_pico(included, share, end):
    """Half-even, as everything that is set to a pico."""
    terms = price("committed", included=included, amount="1", overage_unit_amount="1")

    assert rated(terms, "100", share=share).breakdown[0].end == end


def test_the_overage_of_a_prorated_commitment_is_paid_in_full():
    """The share applies to the first row only."""
    line = rated(PRICE, "60", share=Fraction(1, 4))

    assert [(row.quantity, row.share) for row in line.breakdown] == [
        (25 * PICO, Fraction(1, 4)),
        (35 * PICO, Fraction(1)),
    ]
    assert line.amount == Fraction("62.5") + Fraction("108.5")
