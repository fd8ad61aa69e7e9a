"""Lago's boundaries: a run date, the field asked for, and inclusive last seconds."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from contracts.cycles import Cadence, boundary, cycle_containing
from core.period import local_date, local_midnight
from tests.vectors.kit import Case
from tests.vectors.periods_common import CADENCES, CALENDAR, Figures, cadence_of, instant, zone_of

_SECOND = timedelta(seconds=1)


def bound(case: Case) -> Figures:
    """The first or the last instant of the cycle that is asked for, within the subscription's life."""
    ours = None if case["started_at"] is None or _not_due(case) else _bound(case)
    return [(case["expected"] and instant(case["expected"]), ours)]


def duration_days(case: Case) -> Figures:
    first, last = _cycle(case)
    return [(int(case["expected_days"]), (last - first).days)]


def ended_in_an_earlier_cycle(case: Case) -> bool:
    """Whether the lower bound is asked for of a subscription that ended before the cycle of the run."""
    ended = _ended_at(case) if case["kind"] == "boundary" else None
    if ended is None or not case["field"].endswith("from_datetime"):
        return False
    return ended < local_midnight(_cycle(case)[0], zone_of(case))


def _bound(case: Case) -> datetime:
    zone, field = zone_of(case), case["field"]
    first, last = _cycle(case)
    starts_at, ends_at = local_midnight(first, zone), local_midnight(last, zone)
    if field.endswith("beginning_of_period"):
        return starts_at
    if field.endswith("end_of_period"):
        return ends_at - _SECOND
    started = instant(case["started_at"])
    if field.endswith("from_datetime"):
        return max(starts_at, started if _part(case) else local_midnight(local_date(started, zone), zone))
    ended = _ended_at(case)
    return max(started, ended if ended and ended < ends_at else ends_at - _SECOND)


def _cycle(case: Case) -> tuple[date, date]:
    """The cycle that a run bills: the one it falls in where that is asked for, else the last one that ended."""
    n, _, _ = cycle_containing(_run_on(case), _anchor(case), _cadence(case))
    in_advance = case["pay_in_advance"] and case["field"] in {"from_datetime", "to_datetime"}
    running = case["current_usage"] or case.get("current_period") or case["field"] == "next_end_of_period"
    if not (in_advance or running or _ended_at(case)):
        n -= 1
    return boundary(_anchor(case), _cadence(case), n), boundary(_anchor(case), _cadence(case), n + 1)


def _not_due(case: Case) -> bool:
    """Whether a run between two cycles of this part bills only the other part, which is billed monthly."""
    split = case.get("bill_charges_monthly") or case.get("bill_fixed_charges_monthly")
    if not split or not _part(case) or case["current_usage"]:
        return False
    _, month, _ = cycle_containing(_run_on(case), _anchor(case), CADENCES["monthly"])
    return cycle_containing(month, _anchor(case), _cadence(case))[1] != month


def _cadence(case: Case) -> Cadence:
    return CADENCES["monthly"] if case.get(f"bill_{_part(case)}_monthly") else cadence_of(case)


def _part(case: Case) -> str:
    """Usage (charges), fixed charges, or nothing for the subscription's own fee."""
    return next((part for part in ("fixed_charges", "charges") if case["field"].startswith(part)), "")


def _run_on(case: Case) -> date:
    return local_date(instant(case["billing_at"]), zone_of(case))


def _anchor(case: Case) -> date:
    calendar = case["billing_time"] == "calendar"
    return CALENDAR if calendar else local_date(instant(case["subscription_at"]), zone_of(case))


def _ended_at(case: Case) -> datetime | None:
    ended = instant(case["terminated_at"]) if "terminated_at" in case else None
    return ended if ended and ended <= instant(case["billing_at"]) else None
