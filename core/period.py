"""Spans of time that include their start and not their end, and calendar days in a zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from core.errors import InvalidValue

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
BEGINNING = datetime(1, 1, 2, tzinfo=UTC)


class Period(msgspec.Struct, frozen=True, order=True):
    """From `start` up to but not including `end`, both UTC instants."""

    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def __bool__(self) -> bool:
        return self.start < self.end

    def overlaps(self, other: Self) -> bool:
        return max(self.start, other.start) < min(self.end, other.end)

    def intersection(self, other: Self) -> Period:
        """The common part; empty (start ≥ end) where there is none."""
        return Period(max(self.start, other.start), min(self.end, other.end))


def zone_named(name: str, *, field: str | None = None) -> ZoneInfo:
    """The IANA zone of that name. Raises InvalidValue for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValue(f"{name!a} is not an IANA time zone", field=field) from error


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` in `zone`, in UTC; where clocks skip midnight, the end of the gap."""
    midnight = datetime.combine(day, time(), zone)
    instant = midnight.astimezone(UTC)
    if instant.astimezone(zone) == midnight:
        return instant
    before, after = sorted((midnight.replace(fold=1).astimezone(UTC), instant))
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if local_date(middle, zone) < day:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def local_end(day: date, zone: ZoneInfo) -> datetime:
    """The last instant of `day` in `zone`, in UTC."""
    return local_midnight(day + timedelta(days=1), zone) - timedelta(microseconds=1)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day of `instant` in `zone`."""
    return instant.astimezone(zone).date()


def days_between(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Local calendar days from `start` to `end`, half-open."""
    return (local_date(end, zone) - local_date(start, zone)).days


def tiles(periods: Iterable[Period]) -> bool:
    """Whether each period starts where the one before it ends."""
    ordered = sorted(periods)
    return all(a.end == b.start for a, b in pairwise(ordered)) and all(ordered)
