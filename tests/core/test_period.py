"""Half-open spans, and calendar days where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import InvalidValue
from core.period import Period, days_between, local_date, local_midnight, tiles, zone_named
from tests.support.zones import Change, changes, zone_names


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


JANUARY = Period(at("2026-01-01"), at("2026-02-01"))
FEBRUARY = Period(at("2026-02-01"), at("2026-03-01"))


@pytest.mark.parametrize(
    ("instant", "inside"),
    [
        ("2025-12-31T23:59:59.999999", False),
        ("2026-01-01", True),
        ("2026-01-31T23:59:59.999999", True),
        ("2026-02-01", False),
    ],
)
def test_a_period_includes_its_start_and_not_its_end(instant: str, inside: bool) -> None:
    assert (at(instant) in JANUARY) is inside


def test_neighbors_do_not_overlap_and_share_nothing() -> None:
    assert not JANUARY.overlaps(FEBRUARY)
    assert not FEBRUARY.overlaps(JANUARY)
    assert not JANUARY.intersection(FEBRUARY)


def test_the_common_part_of_two_periods() -> None:
    across = Period(at("2026-01-20"), at("2026-02-10"))
    assert JANUARY.overlaps(across)
    assert JANUARY.intersection(across) == Period(at("2026-01-20"), at("2026-02-01"))


def test_a_period_without_duration_is_empty() -> None:
    """It holds no instant, not even its own, and overlaps nothing."""
    empty = Period(at("2026-01-10"), at("2026-01-10"))
    assert not empty
    assert empty.start not in empty
    assert not empty.overlaps(JANUARY)


@pytest.mark.parametrize(
    ("bounds", "tiled"),
    [
        ([], True),
        ([("2026-01-01", "2026-02-01")], True),
        ([("2026-02-01", "2026-03-01"), ("2026-01-01", "2026-02-01")], True),
        ([("2026-01-01", "2026-02-01"), ("2026-02-02", "2026-03-01")], False),
        ([("2026-01-01", "2026-02-01"), ("2026-01-31", "2026-03-01")], False),
        ([("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-02-01")], False),
    ],
)
def test_periods_tile_without_gap_overlap_or_empty_one(bounds: list[tuple[str, str]], tiled: bool) -> None:
    """In whatever order they come."""
    assert tiles(Period(at(start), at(end)) for start, end in bounds) is tiled


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Argentina/Buenos_Aires"])
def test_a_zone_is_known_by_its_iana_name(name: str) -> None:
    assert zone_named(name).key == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "Berlin", "America", "utc", "UTC ", "+02:00", "a\0b", "\ud800", "/etc/localtime", "../UTC", "x" * 5000],
)
def test_any_other_name_is_refused_by_field(name: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        zone_named(name, field="customers[0].time_zone")
    assert refused.value.field == "customers[0].time_zone"


@pytest.mark.parametrize(
    ("zone", "day", "first_instant"),
    [
        ("UTC", "2026-03-29", "2026-03-29T00:00"),
        ("Europe/Berlin", "2026-02-28", "2026-02-27T23:00"),
        ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00"),
        ("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15"),
        ("Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00"),  # clocks skip 00:00 to 01:00
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00"),  # the same
        ("America/Havana", "2024-11-03", "2024-11-03T04:00"),  # midnight comes twice
        ("Africa/Cairo", "2024-11-01", "2024-10-31T22:00"),  # 23:00 to 24:00 comes twice
        ("America/St_Johns", "1988-10-30", "1988-10-30T01:30"),  # back at 00:01: the day starts, stops, starts again
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30"),  # clocks skip 23:30 to 00:30
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # a day that never was: where it would have been
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
    ],
)
def test_the_first_instant_of_a_local_day(zone: str, day: str, first_instant: str) -> None:
    assert local_midnight(date.fromisoformat(day), zone_named(zone)) == at(first_instant)


def test_a_local_day_starts_at_its_first_instant_wherever_clocks_change() -> None:
    """In every zone, around every change from 2020 to 2035: that day then, an earlier one until then."""
    assert len(changes(2020, 2035)) > 500
    for change in changes(2020, 2035):
        for day in days_around(change):
            midnight = local_midnight(day, change.zone)
            assert local_date(midnight, change.zone) == day
            earlier = [
                midnight - timedelta(microseconds=1),
                *(midnight - timedelta(minutes=15 * n) for n in range(120)),
            ]
            assert all(local_date(instant, change.zone) < day for instant in earlier if instant < midnight)


def test_a_local_day_has_as_many_hours_as_its_clocks_show() -> None:
    """But counts as one day."""
    berlin = zone_named("Europe/Berlin")
    for day, hours in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-01-01", 24)]:
        start, end = (local_midnight(date.fromisoformat(day) + timedelta(days=n), berlin) for n in (0, 1))
        assert end - start == timedelta(hours=hours)
        assert days_between(start, end, berlin) == 1


@pytest.mark.parametrize(
    ("zone", "start", "end", "days"),
    [
        ("UTC", "2026-01-01", "2026-02-01", 31),
        ("UTC", "2026-01-31T18:00", "2026-02-01T06:00", 1),
        ("UTC", "2026-01-31T06:00", "2026-01-31T18:00", 0),
        ("America/New_York", "2026-02-01T00:00", "2026-02-01T05:00", 1),
        ("America/Los_Angeles", "2026-03-01T08:00", "2026-04-01T07:00", 31),
    ],
)
def test_days_are_counted_on_the_local_calendar(zone: str, start: str, end: str, days: int) -> None:
    """Half-open: the day of the end does not count, the day of the start does."""
    assert days_between(at(start), at(end), zone_named(zone)) == days


def test_every_zone_of_the_pinned_data_can_be_named() -> None:
    assert len(zone_names()) > 300
    assert all(zone_named(name).key == name for name in zone_names())


def days_around(change: Change) -> list[date]:
    day = local_date(change.at, change.zone)
    return [day + timedelta(days=n) for n in (-1, 0, 1)]
