"""The share of a period that a part of it owes, and how cumulative amounts are set to a pico."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise

from contracts.cycles import ServicePeriod
from core.money import to_pico
from core.period import Period, days_between, zone_named

_MICROSECOND = timedelta(microseconds=1)


class Proration(StrEnum):
    DAY = "day"
    SECOND = "second"
    #: The terms at the period's start owe all of it (billing rules §2.6); the caller decides which those are.
    NONE = "none"


def share(part: Period, period: ServicePeriod, how: Proration) -> Fraction:
    """What `part` of `period` owes of the price of a whole cycle, exactly: 1 for all of a full cycle.

    By day: local calendar days of the part over those of the cycle. A day belongs to the part that its last instant
    is in, so the day on which something starts is billed, and the day on which it ends is not.
    By second: elapsed time over elapsed time, to the microsecond. Shares of adjacent parts add up to that of both.
    """
    if how is Proration.NONE:
        return Fraction(1)
    if how is Proration.SECOND:
        cycle = period.cycle_end - period.cycle_start
        return Fraction((part.end - part.start) // _MICROSECOND, cycle // _MICROSECOND)
    zone = zone_named(period.zone)
    return Fraction(days_between(part.start, part.end, zone), days_between(period.cycle_start, period.cycle_end, zone))


def parts(exact: Sequence[Fraction]) -> list[int]:
    """The pico-amounts of consecutive parts that are owed exactly `exact`; they add up to their total's.

    Each cumulative amount is set to a pico, half-even, and a part is the difference of two (billing rules §2.4).
    """
    cumulative = [to_pico(amount) for amount in accumulate(exact, initial=Fraction(0))]
    return [to_end - to_start for to_start, to_end in pairwise(cumulative)]
