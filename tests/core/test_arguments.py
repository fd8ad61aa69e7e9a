"""Values on the command line: what is read, and what is told as wrong usage."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date

import pytest

from core import arguments
from core.money import PICO
from tests.support.world import instant


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (arguments.day, "2026-02-28", date(2026, 2, 28)),
        (arguments.day_or_instant, "2026-02-28", date(2026, 2, 28)),
        (arguments.day_or_instant, "2026-02-28T01:30:00+02:00", instant("2026-02-27T23:30:00")),
        (arguments.day_or_instant, "2026-02-28T01:30:00.000001Z", instant("2026-02-28T01:30:00.000001")),
        (arguments.amount, "12.5", 25 * PICO // 2),
        (arguments.quantity, "seats=5", ("seats", 5 * PICO)),
        (arguments.quantity, "gpu hours=0.5", ("gpu hours", PICO // 2)),
    ],
)
def test_what_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((arguments.day, text) for text in ("", "2026-2-1", "2026-02-30", "20260201", "2026-W05-1", "1969-12-31")),
        *((arguments.day, text) for text in ("2201-01-01", "2026-02-01T00:00:00Z", "２０２６-02-01")),
        *((arguments.day_or_instant, text) for text in ("2026-02-01T00:00:00", "2026-02-01 noon!", "0001-01-01")),
        *((arguments.day_or_instant, text) for text in ("2026-02-01T23:59:60Z", "0001-01-01T00:00:00+14:00")),
        *((arguments.amount, text) for text in ("", "NaN", "1e3", "1,5", "-0", "1.0000000000001", "９")),
        *(
            (arguments.quantity, text)
            for text in ("seats", "=5", " =5", "", "seats=", "seats=-1", "seats=NaN", "a=b=1")
        ),
    ],
)
def test_what_is_wrong_usage(read: Callable[[str], object], text: str) -> None:
    """Never an exception that argparse would not tell as one."""
    with pytest.raises(ArgumentTypeError):
        read(text)
