"""From an anchor that never drifts to service periods, which are then stored.

Every boundary is computed from the anchor itself: the 31st becomes the 28th in February and comes back in March.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from core.errors import InvalidValue, Refusal
from core.period import local_date, local_midnight, zone_named

#: The longest cadence, in intervals; no agreement runs longer, and every boundary stays within the calendar.
MOST_INTERVALS = 1_000


class InvalidCadence(InvalidValue):
    """A cadence of no, or of absurdly many, intervals."""

    code = "invalid_cadence"


class PeriodsDoNotTile(Refusal):
    """Stored periods with a gap or an overlap: nothing can be billed after them."""

    code = "periods_do_not_tile"


class Interval(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_DAYS = {Interval.DAY: 1, Interval.WEEK: 7}
_MONTHS = {Interval.MONTH: 1, Interval.QUARTER: 3, Interval.YEAR: 12}


class Cadence(msgspec.Struct, frozen=True):
    """How long a cycle is: 2 weeks, 1 quarter. Raises InvalidCadence unless `every` is from 1 to 1,000."""

    interval: Interval
    every: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.every <= MOST_INTERVALS:
            raise InvalidCadence(f"a cadence is every 1 to {MOST_INTERVALS} intervals, not {self.every}", field="every")


class ServicePeriod(msgspec.Struct, frozen=True):
    """What is served and billed together: from `start` up to but not including `end`, UTC instants.

    `cycle_start` and `cycle_end` are the whole cycle that it is a part of, what a full price pays for;
    `zone` is the IANA zone in which its days are counted.
    """

    start: datetime
    end: datetime
    cycle_start: datetime
    cycle_end: datetime
    zone: str


def boundary(anchor: date, cadence: Cadence, n: int) -> date:
    """The n-th boundary, `anchor` being the 0th; n may be negative. A day that the month lacks is its last day."""
    if cadence.interval in _DAYS:
        return anchor + timedelta(days=n * _step(cadence))
    year, month = divmod(_month_count(anchor) + n * _step(cadence), 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def cycle_containing(day: date, anchor: date, cadence: Cadence) -> tuple[int, date, date]:
    """The number, the first day and the day after the last of the cycle that `day` is in."""
    elapsed = (day - anchor).days if cadence.interval in _DAYS else _month_count(day) - _month_count(anchor)
    n = elapsed // _step(cadence)
    if boundary(anchor, cadence, n) > day:  # the same month, but before its boundary
        n -= 1
    return n, boundary(anchor, cadence, n), boundary(anchor, cadence, n + 1)


def next_period(*, after: datetime, anchor: date, cadence: Cadence, zone: str) -> ServicePeriod:
    """The period that starts at `after`: a subscription's start, or the end of its last stored period.

    It ends with the cycle of the first whole local day that it serves, so that a start within a cycle, or a move
    of the zone or the anchor, makes one stub, and a stub without one whole local day joins the period after it
    (billing rules §2.9). A joined stub belongs to its cycle, lengthened: the whole period owes one full price.
    Raises InvalidValue for an unknown zone.
    """
    where = zone_named(zone)
    _, first, last = cycle_containing(_first_whole_day(after, where), anchor, cadence)
    start, end = local_midnight(first, where), local_midnight(last, where)
    return ServicePeriod(start=after, end=end, cycle_start=min(start, after), cycle_end=end, zone=zone)


def periods(
    *,
    start: datetime,
    until: datetime,
    anchor: date,
    cadence: Cadence,
    zone: str,
    stored: Sequence[ServicePeriod] = (),
) -> Iterator[ServicePeriod]:
    """Every period from `start` that starts before `until`: the stored ones as they are, then those that follow.

    `stored` tile from `start` on, oldest first; anchor, cadence and zone act from where they end.
    Raises PeriodsDoNotTile where they don't.
    """
    after = start
    for period in stored:
        if period.start != after:
            raise PeriodsDoNotTile(f"a stored period starts at {period.start}, not at {after}", after=after)
        if after >= until:
            return
        yield period
        after = period.end
    while after < until:
        period = next_period(after=after, anchor=anchor, cadence=cadence, zone=zone)
        yield period
        after = period.end


def _step(cadence: Cadence) -> int:
    """Days in a cycle of days or weeks, months in one of months, quarters or years."""
    return cadence.every * (_DAYS.get(cadence.interval) or _MONTHS[cadence.interval])


def _month_count(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_whole_day(after: datetime, zone: ZoneInfo) -> date:
    day = local_date(after, zone)
    dawn = local_midnight(day, zone)
    if dawn < after:
        dawn = local_midnight(day + timedelta(days=1), zone)
    return local_date(dawn, zone)  # not `day + 1`: where a zone crosses the date line, that day is skipped
