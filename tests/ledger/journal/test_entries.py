"""The days that an export dates its entries by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ledger.journal.entries import day_of


@pytest.mark.parametrize(
    "instant, zone, day",
    [
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "Europe/Athens", date(2026, 2, 1)),
        (datetime(2026, 2, 1, 0, 30, tzinfo=UTC), "America/New_York", date(2026, 1, 31)),
        (datetime.max.replace(tzinfo=UTC), "Europe/Athens", date.max),
        (datetime.min.replace(tzinfo=UTC), "America/New_York", date.min),
    ],
)
def test_an_entry_is_of_its_day_in_the_zone(instant: datetime, zone: str, day: date) -> None:
    """At the ends of time, where the zone has no day, of UTC's: one such transfer must not end every export."""
    assert day_of(instant, ZoneInfo(zone)) == day
