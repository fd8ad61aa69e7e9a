"""Rated lines: rows that add up, shares of a period, and what one rating adds to another."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating import rate
from billing.rating.lines import combine, difference, scale
from billing.rating.lines import rated as of_rows
from core.money import PICO, from_pico
from metering.values import UsageValue
from tests.support import price_terms
from tests.support.rating import price, rated, rows

TIERS = [
    {"up_to": "10", "unit_amount": "5", "flat_amount": "2"},
    {"up_to": "20", "unit_amount": "4", "flat_amount": "3"},
    {"up_to": None, "unit_amount": "1.5"},
]
GRADUATED, VOLUME = price("graduated", tiers=TIERS), price("volume", tiers=TIERS)
PACKAGE = price("package", package_size="10", amount_per_package="15", free_units="5")
SEATS = price("per_unit", unit_amount="12")
FEE, DEARER = price("flat", amount="49"), price("flat", amount="59")
NOTHING = of_rows([])


@pytest.mark.parametrize(
    "after, before, shown",
    [
        (rated(GRADUATED, "22"), rated(GRADUATED, "12"), ["10..20  8 x 4 + 0 = 32", "20..  2 x 1.5 + 0 = 3"]),
        (rated(GRADUATED, "4"), rated(GRADUATED, "12"), ["0..10  -6 x 5 + 0 = -30", "10..20  -2 x 4 + -3 = -11"]),
        (rated(VOLUME, "11"), rated(VOLUME, "10"), ["10..20  11 x 4 + 3 = 47", "0..10  -10 x 5 + -2 = -52"]),
        (rated(VOLUME, "14"), rated(VOLUME, "12"), ["10..20  2 x 4 + 0 = 8"]),
        (rated(PACKAGE, "17"), rated(PACKAGE, "14"), ["5..  3 x 0 + 15 = 15"]),
        (rated(PACKAGE, "14"), rated(PACKAGE, "13"), ["5..  1 x 0 + 0 = 0"]),
        (rated(SEATS, "3"), rated(SEATS, "5"), ["..  -2 x 12 + 0 = -24"]),
        (rated(DEARER, "0"), rated(FEE, "0"), ["..  1 x 59 + 0 = 59", "..  -1 x 49 + 0 = -49"]),
        (NOTHING, rated(FEE, "0"), ["..  -1 x 49 + 0 = -49"]),
        (rated(GRADUATED, "22"), rated(GRADUATED, "22"), []),
        (rated(FEE, "0"), None, ["..  1 x 49 + 0 = 49"]),
    ],
)
def test_a_difference_is_shown_tier_by_tier(after, before, shown):
    """Equal tiers subtract, rows of nothing vanish, and what no longer holds is taken back as it was."""
    assert rows(difference(after, before)) == shown


def test_a_fee_cut_short_is_billed_again_for_its_share():
    """Rows for different shares of the period stay apart, so that each row's arithmetic can be followed."""
    whole, half = rated(SEATS, "5"), rated(SEATS, "5", share=Fraction(1, 2))

    cut = difference(half, whole)

    assert [(row.quantity, row.share, row.amount) for row in cut.breakdown] == [
        (5 * PICO, Fraction(1, 2), 30),
        (-5 * PICO, Fraction(1), -60),
    ]
    assert (cut.quantity, cut.amount) == (0, -30)


def _rate(terms, quantity, share=Fraction(1)):
    return rate(terms, UsageValue(quantity=quantity), share=share)


ratings = st.builds(_rate, price_terms.terms, price_terms.quantities, price_terms.shares)


@given(line=ratings)
def test_every_row_and_every_sum_is_exact(line):
    """Rows add up to the line in money and in units, and each follows from its own price."""
    assert sum(row.amount for row in line.breakdown) == line.amount
    assert sum(row.quantity for row in line.breakdown) == line.quantity
    for row in line.breakdown:
        once = from_pico(row.quantity) * row.unit_amount + from_pico(row.flat_amount)
        assert row.amount == once * row.share


@given(terms=price_terms.terms, quantity=price_terms.quantities)
def test_a_line_holds_all_that_was_used(terms, quantity):
    """The rows of a metered price account for every unit; a fee counts as one."""
    expected = PICO if terms.__struct_config__.tag == "flat" else quantity

    assert _rate(terms, quantity).quantity == expected


@given(terms=price_terms.monotone, low=price_terms.quantities, more=price_terms.amounts)
def test_using_more_never_costs_less(terms, low, more):
    """True of every model but volume."""
    assert _rate(terms, low + more).amount >= _rate(terms, low).amount


@given(terms=price_terms.terms, ends=st.lists(price_terms.quantities, min_size=1, max_size=6))
def test_the_parts_of_a_span_add_up_to_the_whole(terms, ends):
    """However a span is cut, in any order of quantities, its differences sum to the last rating."""
    parts, before = [], None
    for end in ends:
        after = _rate(terms, end)
        parts.append(difference(after, before))
        before = after

    whole = combine(parts)
    assert before is not None
    assert (whole.quantity, whole.amount) == (before.quantity, before.amount)


@given(after=ratings, before=ratings)
def test_a_difference_is_exactly_after_minus_before(after, before):
    """In money and in units, for any two ratings, also under different prices; prices stay non-negative."""
    added = difference(after, before)

    assert added.amount == after.amount - before.amount == sum(row.amount for row in added.breakdown)
    assert added.quantity == after.quantity - before.quantity == sum(row.quantity for row in added.breakdown)
    assert all(row.unit_amount >= 0 for row in added.breakdown)
    assert difference(before, before) == NOTHING


@given(line=ratings, first=price_terms.shares, second=price_terms.shares)
def test_shares_multiply(line, first, second):
    """A share of a share; quantity and prices stay."""
    scaled = scale(scale(line, first), second)

    assert scaled == scale(line, first * second)
    assert (scaled.quantity, scaled.amount) == (line.quantity, line.amount * first * second)


@given(terms=price_terms.terms, quantity=price_terms.quantities, cut=price_terms.shares)
def test_the_shares_of_a_fee_add_up_to_the_fee(terms, quantity, cut):
    """A fee cut in two owes its two shares, which together are the fee."""
    whole = _rate(terms, quantity)

    assert scale(whole, cut).amount + scale(whole, 1 - cut).amount == whole.amount
