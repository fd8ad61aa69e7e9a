"""Boundaries that never drift, and periods that tile whatever moves."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.cycles import (
    Cadence,
    Interval,
    InvalidCadence,
    PeriodsDoNotTile,
    ServicePeriod,
    boundary,
    cycle_containing,
    next_period,
    periods,
)
from core.errors import InvalidValue
from core.period import FOREVER, days_between, local_date, local_midnight
from tests.support.zones import changes, zone_names

DAY, WEEK, MONTH = Cadence(Interval.DAY), Cadence(Interval.WEEK), Cadence(Interval.MONTH)
QUARTER, YEAR = Cadence(Interval.QUARTER), Cadence(Interval.YEAR)

CADENCES = st.builds(Cadence, st.sampled_from(Interval), st.integers(1, 14))
DATES = st.dates(date(2020, 1, 1), date(2030, 12, 31))
ZONES = st.sampled_from(zone_names())
INSTANTS = st.integers(0, 11 * 365 * 86_400 * 10**6).map(
    lambda microseconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on(text: str) -> date:
    return date.fromisoformat(text)


def first(count: int, **terms: Any) -> Iterator[ServicePeriod]:
    """The first periods; `terms` as for `periods`."""
    return islice(periods(until=FOREVER, **terms), count)


def counted(day: date, anchor: date, cadence: Cadence) -> int:
    """The cycle of `day`, by counting boundaries one by one from the anchor."""
    n = 0
    while boundary(anchor, cadence, n) > day:
        n -= 1
    while boundary(anchor, cadence, n + 1) <= day:
        n += 1
    return n


def holds_a_day(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether a local day starts and ends between the two."""
    day = local_date(start, zone)
    midnights = [local_midnight(day + timedelta(days=n), zone) for n in range(5)]
    return any(start <= dawn < night <= end for dawn, night in pairwise(midnights))


@pytest.mark.parametrize(
    ("anchor", "cadence", "n", "expected"),
    [
        ("2026-01-31", MONTH, 0, "2026-01-31"),
        ("2026-01-31", MONTH, 1, "2026-02-28"),
        ("2026-01-31", MONTH, 2, "2026-03-31"),
        ("2026-01-31", MONTH, -1, "2025-12-31"),
        ("2026-01-31", MONTH, 25, "2028-02-29"),
        ("2024-02-29", YEAR, 1, "2025-02-28"),
        ("2024-02-29", YEAR, 4, "2028-02-29"),
        ("2024-02-29", Cadence(Interval.YEAR, 3), 1, "2027-02-28"),
        ("2025-11-30", QUARTER, 1, "2026-02-28"),
        ("2025-11-30", QUARTER, 2, "2026-05-30"),
        ("2026-12-15", Cadence(Interval.MONTH, 2), 1, "2027-02-15"),
        ("2026-01-01", WEEK, 9, "2026-03-05"),
        ("2026-01-01", Cadence(Interval.WEEK, 2), -1, "2025-12-18"),
        ("2026-01-01", Cadence(Interval.DAY, 30), 2, "2026-03-02"),
    ],
)
def test_a_boundary_is_computed_from_the_anchor(anchor: str, cadence: Cadence, n: int, expected: str) -> None:
    """Month ends clamp to the last day and come back; 29 February comes back in leap years."""
    assert boundary(on(anchor), cadence, n) == on(expected)


@pytest.mark.parametrize("day", [1, 28, 29, 30, 31])
@pytest.mark.parametrize("start", [on("2023-01-31"), on("2024-05-31"), on("2024-12-31")])
def test_a_month_end_never_drifts(start: date, day: int) -> None:
    """Over 48 months, leap years among them: each month once, on the anchor's day or its last."""
    anchor = start.replace(day=day)
    for n in range(48):
        reached = boundary(anchor, MONTH, n)
        assert (reached.year * 12 + reached.month) - (anchor.year * 12 + anchor.month) == n
        assert reached.day == min(day, monthrange(reached.year, reached.month)[1])


@given(day=DATES, anchor=DATES, cadence=CADENCES)
def test_every_day_is_in_one_cycle(day: date, anchor: date, cadence: Cadence) -> None:
    """The one that counting boundaries one by one from the anchor finds."""
    n, first, last = cycle_containing(day, anchor, cadence)
    assert first <= day < last
    assert (first, last) == (boundary(anchor, cadence, n), boundary(anchor, cadence, n + 1))
    assert n == counted(day, anchor, cadence)


@pytest.mark.parametrize("every", [0, -1, 1001, 10**30])
def test_a_cadence_of_no_or_absurdly_many_intervals_is_refused(every: int) -> None:
    with pytest.raises(InvalidCadence) as refused:
        Cadence(Interval.DAY, every)
    assert (refused.value.code, refused.value.field) == ("invalid_cadence", "every")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(InvalidValue):
        next_period(after=at("2026-01-01"), anchor=on("2026-01-01"), cadence=MONTH, zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("zone", "after", "anchor", "end", "cycle_start"),
    [
        # A whole cycle, in UTC and where the month end and a change of clocks lie in it.
        ("UTC", "2026-01-01", "2026-01-01", "2026-02-01", "2026-01-01"),
        ("Europe/Berlin", "2026-01-30T23:00", "2026-01-31", "2026-02-27T23:00", "2026-01-30T23:00"),
        ("Europe/Berlin", "2026-02-28T23:00", "2026-03-01", "2026-03-31T22:00", "2026-02-28T23:00"),
        # A stub: from the 20th to the 1st, of a cycle of 31 days.
        ("UTC", "2026-01-20", "2026-02-01", "2026-02-01", "2026-01-01"),
        # One whole local day stands by itself, 23 hours where clocks go forward; 23 hours of any other day join.
        ("UTC", "2026-01-31", "2026-01-01", "2026-02-01", "2026-01-01"),
        ("Europe/Berlin", "2026-03-28T23:00", "2026-03-30", "2026-03-29T22:00", "2026-02-27T23:00"),
        ("UTC", "2026-01-31T01:00", "2026-01-01", "2026-03-01", "2026-01-31T01:00"),
        # A day and some hours of another stand too.
        ("UTC", "2026-01-30T18:00", "2026-01-01", "2026-02-01", "2026-01-01"),
        # Moved from UTC to New York at midnight UTC: five hours of January join February.
        ("America/New_York", "2026-02-01", "2026-01-01", "2026-03-01T05:00", "2026-02-01"),
        # Moved from UTC to Tokyo: February is nine hours old, and no stub at all.
        ("Asia/Tokyo", "2026-02-01", "2026-01-01", "2026-02-28T15:00", "2026-01-31T15:00"),
        # Moved from the first zone of the day to the last: a whole day and an hour are a stub.
        ("Pacific/Niue", "2026-01-31T10:00", "2026-01-01", "2026-02-01T11:00", "2026-01-01T11:00"),
    ],
)
def test_a_period_runs_to_the_first_boundary_that_leaves_a_whole_day(
    zone: str, after: str, anchor: str, end: str, cycle_start: str
) -> None:
    """A stub without a whole local day joins the period after it (billing rules §2.9), and lengthens its cycle."""
    period = next_period(after=at(after), anchor=on(anchor), cadence=MONTH, zone=zone)
    assert period == ServicePeriod(
        start=at(after), end=at(end), cycle_start=at(cycle_start), cycle_end=at(end), zone=zone
    )


def test_days_in_a_zone_that_moves_stay_days() -> None:
    """A daily cadence, moved from UTC to New York: 29 hours once, then days of New York."""
    moved = next_period(after=at("2026-01-10"), anchor=on("2026-01-01"), cadence=DAY, zone="America/New_York")
    after = next_period(after=moved.end, anchor=on("2026-01-01"), cadence=DAY, zone="America/New_York")
    assert (moved.end - moved.start, after.end - after.start) == (timedelta(hours=29), timedelta(hours=24))
    assert (moved.cycle_start, moved.cycle_end) == (moved.start, moved.end)


def test_a_day_that_never_was_is_no_day() -> None:
    """Samoa went from the 29th to the 31st of December 2011: what is left of the 29th joins the 31st."""
    period = next_period(after=at("2011-12-29T15:00"), anchor=on("2011-12-01"), cadence=DAY, zone="Pacific/Apia")
    assert period.end == at("2011-12-31T10:00")


@given(after=INSTANTS, anchor=DATES, cadence=CADENCES, zone=ZONES, at_midnight=st.booleans())
def test_the_period_is_the_one_that_stepping_finds(
    after: datetime, anchor: date, cadence: Cadence, zone: str, at_midnight: bool
) -> None:
    """The first boundary, tried one by one, that leaves a whole local day."""
    where = ZoneInfo(zone)
    after = local_midnight(local_date(after, where), where) if at_midnight else after
    period = next_period(after=after, anchor=anchor, cadence=cadence, zone=zone)
    n = counted(local_date(after, where), anchor, cadence)
    while not holds_a_day(after, local_midnight(boundary(anchor, cadence, n), where), where):
        n += 1
    assert period.start == after
    assert period.end == period.cycle_end == local_midnight(boundary(anchor, cadence, n), where)
    assert period.cycle_start == min(after, local_midnight(boundary(anchor, cadence, n - 1), where))


@given(
    start=INSTANTS,
    moves=st.lists(st.tuples(ZONES, DATES, st.integers(1, 4)), min_size=1, max_size=5),
    cadence=CADENCES,
)
def test_periods_tile_and_a_move_makes_at_most_one_stub(
    start: datetime, moves: list[tuple[str, date, int]], cadence: Cadence
) -> None:
    """Whatever zones and anchors follow each other: no gap, no overlap, no period without a whole day."""
    stored: list[ServicePeriod] = []
    for zone, anchor, count in moves:
        terms: dict[str, Any] = {"start": start, "anchor": anchor, "cadence": cadence, "zone": zone, "stored": stored}
        served = list(first(len(stored) + count, **terms))
        fresh = served[len(stored) :]
        assert served[: len(stored)] == stored
        assert all(holds_a_day(period.start, period.end, ZoneInfo(zone)) for period in fresh)
        assert all(period.start == period.cycle_start for period in fresh[1:])
        stored = served
    assert stored[0].start == start
    assert all(one.end == following.start for one, following in pairwise(stored))


def test_periods_tile_around_every_change_of_clocks() -> None:
    """In every zone from 2020 to 2035: single local days, and a stub of two of them before a month."""
    for change in changes(2020, 2035):
        day = local_date(change.at, change.zone)
        midnights = [local_midnight(day + timedelta(days=n), change.zone) for n in range(-2, 4)]
        terms: dict[str, Any] = {"start": midnights[0], "anchor": day, "zone": change.zone.key}
        days = list(first(5, cadence=DAY, **terms))
        assert [(one.start, one.end) for one in days] == list(pairwise(midnights))
        assert all(days_between(one.start, one.end, change.zone) == 1 for one in days)
        stub, month = first(2, cadence=MONTH, **terms)
        assert (stub.start, stub.end) == (midnights[0], midnights[2])
        assert (month.start, month.end) == (midnights[2], local_midnight(boundary(day, MONTH, 1), change.zone))


def test_stored_periods_come_first_as_they_are() -> None:
    """They were billed: a later move of the zone acts from where they end."""
    stored = list(first(2, start=at("2026-01-01"), anchor=on("2026-01-01"), cadence=MONTH, zone="UTC"))
    served = first(4, start=at("2026-01-01"), anchor=on("2026-01-15"), cadence=MONTH, zone="Asia/Tokyo", stored=stored)
    assert [period.end for period in served] == [
        *(at("2026-02-01"), at("2026-03-01")),
        *(at("2026-03-14T15:00"), at("2026-04-14T15:00")),
    ]


@pytest.mark.parametrize(
    ("until", "count"),
    [("2026-01-01", 0), ("2026-01-01T00:00:01", 1), ("2026-02-01", 1), ("2026-02-02", 2), ("2026-04-01", 3)],
)
def test_periods_start_before_the_end_asked_for(until: str, count: int) -> None:
    """Stored ones too."""
    terms: dict[str, Any] = {"start": at("2026-01-01"), "anchor": on("2026-01-01"), "cadence": MONTH, "zone": "UTC"}
    everything = list(first(3, **terms))
    for known in range(4):
        assert list(periods(until=at(until), stored=everything[:known], **terms)) == everything[:count]


@pytest.mark.parametrize("kept", [slice(1, 2), slice(0, 3, 2)])
def test_stored_periods_with_a_gap_are_refused(kept: slice) -> None:
    """Billing on would bill the gap never, or twice."""
    terms: dict[str, Any] = {"start": at("2026-01-01"), "anchor": on("2026-01-01"), "cadence": MONTH, "zone": "UTC"}
    stored = list(first(3, **terms))[kept]
    with pytest.raises(PeriodsDoNotTile):
        list(periods(until=at("2026-06-01"), stored=stored, **terms))
