"""How much of a fee in advance is earned by an instant: evenly over its service (IFRS 15.B18). Pure."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from core.money import round_half
from core.period import Period, days_between, zone_named


def earned(held: int, *, service: Period, by: datetime, zone: str) -> int:
    """What is earned by an instant of `held`, in pico-units: the share of the service's calendar days that are over.

    `held` is what 2000 holds booked under the key, net of credits, however much of it was recognized: what is to be
    posted is this less what was recognized before (billing rules §7.1). `service` is the key's *present* span, so a
    service that was cut short earns faster from then on, and the difference may be below zero where it was made longer.
    """
    named = zone_named(zone)
    until = min(max(by, service.start), service.end)
    if until == service.end:
        return held
    over, whole = days_between(service.start, until, named), days_between(service.start, service.end, named)
    return round_half(Fraction(held * over, whole)) if over else 0
