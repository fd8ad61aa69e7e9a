"""The share of a period, by day and by second, and parts that add up to the pico."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.proration import Proration, parts, share
from contracts.cycles import Cadence, Interval, ServicePeriod, next_period
from core.money import AmountRefused, to_pico
from core.period import Period
from tests.support.zones import zone_names

MONTH = Cadence(Interval.MONTH)
PERIODS = st.builds(
    next_period,
    after=st.integers(0, 16 * 365 * 86_400 * 10**6).map(
        lambda microseconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    ),
    anchor=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    cadence=st.builds(Cadence, st.sampled_from(Interval), st.integers(1, 3)),
    zone=st.sampled_from(zone_names()),
)
EXACT = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**15)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def period_from(after: str, *, zone: str = "UTC", anchor: str = "2026-01-01") -> ServicePeriod:
    return next_period(after=at(after), anchor=date.fromisoformat(anchor), cadence=MONTH, zone=zone)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-01", "2026-04-01", Fraction(1)),
        ("2026-03-01", "2026-03-11", Fraction(10, 31)),
        ("2026-03-11", "2026-03-21", Fraction(10, 31)),
        ("2026-03-21", "2026-04-01", Fraction(11, 31)),
        ("2026-03-01", "2026-03-01", Fraction(0)),
        # The day on which something starts is billed, the day on which it ends is not.
        ("2026-03-15T10:00", "2026-04-01", Fraction(17, 31)),
        ("2026-03-01", "2026-03-15T10:00", Fraction(14, 31)),
        ("2026-03-15T10:00", "2026-03-15T18:00", Fraction(0)),
    ],
)
def test_a_part_owes_its_days(start: str, end: str, expected: Fraction) -> None:
    """Local calendar days of the part over those of the cycle."""
    assert share(Period(at(start), at(end)), period_from("2026-03-01"), Proration.DAY) == expected


def test_days_are_counted_in_the_zone_of_the_period() -> None:
    """Half of a New York March from the 16th, though March has an hour less there."""
    march = period_from("2026-03-01T05:00", zone="America/New_York")
    from_16th = Period(at("2026-03-16T04:00"), march.end)
    assert share(from_16th, march, Proration.DAY) == Fraction(16, 31)
    assert share(from_16th, march, Proration.SECOND) == Fraction(16 * 24, 31 * 24 - 1)


def test_a_first_partial_period_owes_its_part_of_the_cycle() -> None:
    """From 20 January: 12 of 31 days."""
    stub = period_from("2026-01-20")
    assert share(Period(stub.start, stub.end), stub, Proration.DAY) == Fraction(12, 31)
    assert share(Period(stub.start, stub.end), stub, Proration.SECOND) == Fraction(12, 31)


def test_by_second_is_exact_to_the_microsecond() -> None:
    march = period_from("2026-03-01")
    part = Period(march.start, march.start + timedelta(microseconds=1))
    assert share(part, march, Proration.SECOND) == Fraction(1, 31 * 86_400 * 10**6)


def test_without_proration_any_part_owes_all() -> None:
    march = period_from("2026-03-01")
    assert share(Period(at("2026-03-31"), march.end), march, Proration.NONE) == 1


@pytest.mark.parametrize("how", list(Proration))
@pytest.mark.parametrize(
    ("zone", "after"),
    [("America/New_York", "2026-02-01"), ("UTC", "2026-01-31T18:00"), ("Pacific/Apia", "2026-01-31T06:00")],
)
def test_a_stub_that_joined_costs_nothing(zone: str, after: str, how: Proration) -> None:
    """Hours of January that joined February, as after a move of the zone: one price, not one and a day's."""
    period = period_from(after, zone=zone)
    assert period.end - period.start > timedelta(days=28)
    assert share(Period(period.start, period.end), period, how) == 1


def test_a_move_of_the_zone_eastwards_costs_nothing() -> None:
    """Tokyo's February is nine hours old when it is entered at midnight UTC: by day it is whole."""
    period = period_from("2026-02-01", zone="Asia/Tokyo")
    assert share(Period(period.start, period.end), period, Proration.DAY) == 1
    assert share(Period(period.start, period.end), period, Proration.SECOND) == Fraction(28 * 24 - 9, 28 * 24)


@given(
    period=PERIODS,
    cuts=st.lists(st.fractions(0, 1), max_size=6),
    how=st.sampled_from([Proration.DAY, Proration.SECOND]),
)
def test_shares_of_adjacent_parts_add_up(period: ServicePeriod, cuts: list[Fraction], how: Proration) -> None:
    """However a period is cut: nothing is lost, nothing owed twice, and never more than the whole price."""
    served = (period.end - period.start) // timedelta(microseconds=1)
    cuts = [Fraction(0), *sorted(cuts), Fraction(1)]
    bounds = [period.start + timedelta(microseconds=int(served * cut)) for cut in cuts]
    shares = [share(Period(start, end), period, how) for start, end in pairwise(bounds)]
    whole = share(Period(period.start, period.end), period, how)
    assert sum(shares) == whole
    assert min(shares) >= 0
    assert 0 < whole <= 1
    assert period.start != period.cycle_start or whole == 1


@pytest.mark.parametrize(
    ("exact", "expected"),
    [
        ([], []),
        ([Fraction(1)], [10**12]),
        ([Fraction(1, 3)] * 3, [333_333_333_333, 333_333_333_334, 333_333_333_333]),
        ([Fraction(1, 2 * 10**12)] * 4, [0, 1, 1, 0]),
        ([Fraction(310 * 10, 31), Fraction(-100)], [100 * 10**12, -100 * 10**12]),
    ],
)
def test_a_part_is_the_difference_of_two_cumulative_amounts(exact: list[Fraction], expected: list[int]) -> None:
    """Each set to a pico, half-even."""
    assert parts(exact) == expected


@given(exact=st.lists(EXACT, max_size=20))
def test_parts_add_up_to_their_total(exact: list[Fraction]) -> None:
    """At every part, and each is within a pico of its exact amount."""
    found = parts(exact)
    for count in range(len(exact) + 1):
        assert sum(found[:count]) == to_pico(sum(exact[:count], Fraction(0)))
    assert all(abs(part - amount * 10**12) <= 1 for part, amount in zip(found, exact, strict=True))


def test_parts_beyond_what_the_books_hold_are_refused() -> None:
    with pytest.raises(AmountRefused):
        parts([Fraction(10**27)])
