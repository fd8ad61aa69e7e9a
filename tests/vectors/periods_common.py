"""How other engines name cycles and state boundaries, in Daybook's terms."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from contracts.cycles import Cadence, Interval, ServicePeriod, boundary, cycle_containing, next_period
from core.period import local_date, local_midnight
from tests.vectors.kit import Case

#: A figure that the source states, and ours.
Figures = list[tuple[Any, Any]]

CADENCES = {
    "daily": Cadence(Interval.DAY),
    "day": Cadence(Interval.DAY),
    "THIRTY_DAYS": Cadence(Interval.DAY, 30),
    "weekly": Cadence(Interval.WEEK),
    "week": Cadence(Interval.WEEK),
    "WEEKLY": Cadence(Interval.WEEK),
    "BIWEEKLY": Cadence(Interval.WEEK, 2),
    "monthly": Cadence(Interval.MONTH),
    "month": Cadence(Interval.MONTH),
    "MONTHLY": Cadence(Interval.MONTH),
    "quarterly": Cadence(Interval.QUARTER),
    "QUARTERLY": Cadence(Interval.QUARTER),
    "semiannual": Cadence(Interval.MONTH, 6),
    "BIANNUAL": Cadence(Interval.MONTH, 6),
    "yearly": Cadence(Interval.YEAR),
    "annual": Cadence(Interval.YEAR),
    "ANNUAL": Cadence(Interval.YEAR),
}

#: Calendar cycles: a Monday that is the first of a month, of a quarter and of a year.
CALENDAR = date(2024, 1, 1)


def cycle_name(case: Case) -> str | None:
    """What the source calls the length of its cycle; None where the vector is of another kind."""
    return next((case[name] for name in ("interval", "period", "window") if name in case), None) or (
        case["unit"] if case["kind"] == "floor" else None
    )


def cadence_of(case: Case) -> Cadence:
    """The cadence; where a vector states an interval, its `unit` is how many of them."""
    cadence = CADENCES[str(cycle_name(case))]
    times = int(case.get("unit", "1")) if "interval" in case else 1
    return Cadence(cadence.interval, cadence.every * times)


def anchor_on(day_of_month: int, near: date, cadence: Cadence) -> date:
    """An anchor on that day in the month of `near`, or a whole number of cycles before in a month that has the day."""
    months = [boundary(near.replace(day=1), cadence, -n) for n in range(9)]
    return max((_clamped(month, day_of_month) for month in months), key=lambda day: day.day)


def _clamped(month: date, day_of_month: int) -> date:
    return month.replace(day=min(day_of_month, monthrange(month.year, month.month)[1]))


def zone_of(case: Case) -> ZoneInfo:
    """The vector's zone, UTC where it states none; a whole-hour offset is a zone of the Etc area."""
    name = case.get("timezone", "UTC")
    return ZoneInfo(f"Etc/GMT{-int(name[:3]):+d}" if name.endswith(":00") else name)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def at_time_of(model: datetime, day: date, zone: ZoneInfo) -> datetime:
    """`day` at the local time of day of `model`, in UTC: where a peer's boundaries are no midnights."""
    clock = model.astimezone(zone).time()
    return local_midnight(day, zone) if clock == time() else datetime.combine(day, clock, zone).astimezone(UTC)


def cycle_at(moment: datetime, anchor: datetime, cadence: Cadence, zone: ZoneInfo) -> int:
    """The number of the cycle that `moment` is in, boundaries falling at the anchor's time of day."""
    n, first, _ = cycle_containing(local_date(moment, zone), local_date(anchor, zone), cadence)
    return n if at_time_of(anchor, first, zone) <= moment else n - 1


def periods_from(start: datetime, anchor: date, cadence: Cadence, zone: ZoneInfo) -> Iterator[ServicePeriod]:
    """Service periods without end."""
    while True:
        period = next_period(after=start, anchor=anchor, cadence=cadence, zone=zone.key)
        yield period
        start = period.end
