"""Each tier at its own price."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating import graduated
from contracts.prices import Graduated, Tier
from core.money import PICO, from_pico
from tests.support import price_terms
from tests.support.rating import amount, price, rated, rows

TIERS = [
    {"up_to": "10", "unit_amount": "5", "flat_amount": "2"},
    {"up_to": "20", "unit_amount": "4", "flat_amount": "3"},
    {"up_to": None, "unit_amount": "1.5"},
]
PRICE = price("graduated", tiers=TIERS)


@pytest.mark.parametrize(
    "quantity, expected",
    [
        ("0", "2"),
        ("0.000000000001", "2.000000000005"),
        ("9", "47"),
        ("10", "52"),
        ("10.000000000001", "55.000000000004"),
        ("11", "59"),
        ("19.5", "93"),
        ("20", "95"),
        ("20.000000000001", "95.0000000000015"),
        ("22", "98"),
        ("1000000000", "1500000065"),
        ("-1", "-3"),
    ],
)
def test_units_cost_the_price_of_their_own_tier(quantity, expected):
    """Bounds are inclusive; a tier's flat amount is owed as soon as the tier is entered."""
    assert amount(PRICE, quantity) == expected


@pytest.mark.parametrize("quantity, expected", [("-1", "-5"), ("0", "0"), ("0.000000000001", "2.000000000005")])
def test_without_charge_zero_nothing_used_owes_nothing(quantity, expected):
    """The first tier's flat amount then waits for the first usage, as every other tier's does."""
    assert amount(price("graduated", tiers=TIERS, charge_zero=False), quantity) == expected


def test_the_breakdown_shows_every_tier_entered():
    """From, to, quantity, price, flat amount and amount, tier by tier."""
    assert rows(rated(PRICE, "22")) == [
        "0..10  10 x 5 + 2 = 52",
        "10..20  10 x 4 + 3 = 43",
        "20..  2 x 1.5 + 0 = 3",
    ]


def test_one_and_a_half_million_tokens():
    """The first million at 2 per million, the rest at 1.5 per million: 2.75 (billing rules §2.1)."""
    tokens = price(
        "graduated",
        tiers=[{"up_to": "1000000", "unit_amount": "0.0000020"}, {"up_to": None, "unit_amount": "0.0000015"}],
    )

    assert amount(tokens, "1500000") == "2.75"


whole_tiers = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=4)


@given(widths=whole_tiers, units=st.integers(0, 60), charge_zero=st.booleans())
def test_unit_by_unit_comes_to_the_same(widths, units, charge_zero):
    """A slow count that prices each unit alone agrees at every whole quantity."""
    tiers, bound = [], 0
    for width, unit_amount, flat_amount in widths:
        bound += width
        tiers.append((bound, unit_amount, flat_amount))
    tiers[-1] = (1000, *tiers[-1][1:])

    expected = tiers[0][2] if charge_zero and units == 0 else 0
    entered = set()
    for unit in range(1, units + 1):
        tier = next(tier for tier in tiers if unit <= tier[0])
        expected += tier[1] + (0 if tier in entered else tier[2])
        entered.add(tier)

    terms = Graduated(
        tiers=tuple(
            Tier(up_to=None if end == 1000 else end * PICO, unit_amount=Fraction(price), flat_amount=flat * PICO)
            for end, price, flat in tiers
        ),
        charge_zero=charge_zero,
    )
    assert graduated.rate(terms, units * PICO).amount == expected


@given(tiers=price_terms.tiers(flat_amounts=st.just(0)), quantity=price_terms.quantities)
def test_without_flat_amounts_there_are_no_jumps(tiers, quantity):
    """One pico-unit more costs one pico-unit at the price of the tier where it lies."""
    terms = Graduated(tiers=tiers)
    lies_in = next(tier for tier in tiers if tier.up_to is None or quantity + 1 <= tier.up_to)

    step = graduated.rate(terms, quantity + 1).amount - graduated.rate(terms, quantity).amount
    assert step == lies_in.unit_amount * from_pico(1)


@given(tiers=price_terms.tiers(flat_amounts=st.just(0)), low=price_terms.amounts, high=price_terms.amounts)
def test_falling_prices_make_a_concave_sum(tiers, low, high):
    """Where each tier is cheaper than the one before, two halves together never cost less than the whole."""
    falling = sorted((tier.unit_amount for tier in tiers), reverse=True)
    terms = Graduated(
        tiers=tuple(Tier(up_to=tier.up_to, unit_amount=cost) for tier, cost in zip(tiers, falling, strict=True))
    )

    apart = graduated.rate(terms, low).amount + graduated.rate(terms, high).amount
    assert apart >= graduated.rate(terms, low + high).amount
