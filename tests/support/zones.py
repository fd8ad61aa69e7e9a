"""The time zones of the pinned tzdata, and every change of their clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

_ZONES = files("tzdata")
#: Shorter than any time between two changes of a clock; Morocco's Ramadan takes four weeks.
_STRIDE = timedelta(days=7)


class Change(NamedTuple):
    """The first second of a new offset from UTC, and a zone in which clocks change there."""

    zone: ZoneInfo
    at: datetime


@cache
def zone_names() -> tuple[str, ...]:
    """Every zone by one name: links to a zone that came before are left out."""
    named: dict[bytes, str] = {}
    for name in _ZONES.joinpath("zones").read_text().split():
        named.setdefault(_ZONES.joinpath("zoneinfo", *name.split("/")).read_bytes(), name)
    return tuple(named.values())


@cache
def changes(first_year: int, last_year: int) -> tuple[Change, ...]:
    """Every change of clocks of every zone in those years, one zone for each that is alike."""
    alike: dict[tuple[datetime, timedelta | None, timedelta | None], Change] = {}
    for name in zone_names():
        zone = ZoneInfo(name)
        at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
        while at < end:
            if _offset(at, zone) != _offset(at + _STRIDE, zone):
                change = _change_between(at, at + _STRIDE, zone)
                alike.setdefault((change.at, _offset(at, zone), _offset(change.at, zone)), change)
            at += _STRIDE
    return tuple(alike.values())


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> Change:
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        before, after = (middle, after) if _offset(middle, zone) == _offset(before, zone) else (before, middle)
    return Change(zone, after.replace(microsecond=0))


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
