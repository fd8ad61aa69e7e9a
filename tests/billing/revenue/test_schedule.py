"""A fee in advance is earned evenly over the days of its service (billing rules §7.1)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.revenue.schedule import earned
from core.money import PICO
from core.period import Period
from tests.support.world import instant

JANUARY = Period(instant("2026-01-01"), instant("2026-02-01"))


@pytest.mark.parametrize(
    ("held", "service", "by", "zone", "so_far"),
    [
        (310, JANUARY, "2025-12-31", "UTC", 0),
        (310, JANUARY, "2026-01-01", "UTC", 0),
        (310, JANUARY, "2026-01-02", "UTC", 10),
        (310, JANUARY, "2026-01-16", "UTC", 150),
        (310, JANUARY, "2026-02-01", "UTC", 310),
        (310, JANUARY, "2027-01-01", "UTC", 310),
        # 31.612903225806 of 49 for 20 of 31 days, half-even to a pico.
        (49 * PICO, JANUARY, "2026-01-21", "UTC", 31_612_903_225_806),
        # A credit is given back as slowly as it was earned.
        (-310, JANUARY, "2026-01-16", "UTC", -150),
        # A day is over when it is over where the customer is: in Los Angeles it is still 15 January.
        (310, JANUARY, "2026-01-16", "America/Los_Angeles", 150),
        # Cut short to ten days: all of what is left is earned in them.
        (100, Period(instant("2026-01-01"), instant("2026-01-11")), "2026-01-06", "UTC", 50),
    ],
)
def test_earned(held: int, service: Period, by: str, zone: str, so_far: int) -> None:
    assert earned(held, service=service, by=instant(by), zone=zone) == so_far


def test_a_service_of_less_than_a_day_is_earned_at_its_end() -> None:
    start = instant("2026-01-01")
    service = Period(start, start + timedelta(hours=3))
    assert earned(9, service=service, by=start + timedelta(hours=2), zone="UTC") == 0
    assert earned(9, service=service, by=service.end, zone="UTC") == 9


INSTANTS = st.integers(-30 * 24, 60 * 24).map(lambda hours: instant("2026-01-01") + timedelta(hours=hours))


@given(st.integers(0, 10**30), st.lists(INSTANTS, min_size=1, max_size=6))
def test_differences_add_up_to_all_of_it(held: int, looks: list[datetime]) -> None:
    """Recognized whenever somebody looks: never less than before, and all of it once the service is over."""
    recognized = [earned(held, service=JANUARY, by=at, zone="Europe/Athens") for at in sorted(looks)]
    assert recognized == sorted(recognized)
    assert all(0 <= so_far <= held for so_far in recognized)
    assert earned(held, service=JANUARY, by=JANUARY.end, zone="Europe/Athens") == held
