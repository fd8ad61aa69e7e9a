"""Kill Bill's cycle dates: a billing day of the month, dates without time, exclusive ends."""

from __future__ import annotations

from datetime import date

from contracts.cycles import Cadence, Interval, boundary, cycle_containing
from core.period import local_date
from tests.vectors.kit import Case
from tests.vectors.periods_common import Figures, anchor_on, cadence_of, instant, zone_of


def stepped(case: Case) -> Figures:
    """A date moved by whole cycles, back for "recede"."""
    start, cadence = date.fromisoformat(case["date"]), cadence_of(case)
    anchor = anchor_on(int(case["anchor_day"]), start, cadence) if "anchor_day" in case else start
    n, _, _ = cycle_containing(start, anchor, cadence)
    steps = int(case["count"]) * (-1 if case["kind"] == "recede" else 1)
    return [(date.fromisoformat(case["expected"]), boundary(anchor, cadence, n + steps))]


def aligned(case: Case) -> Figures:
    """A date moved to the billing day of its month, or to the next cycle date."""
    day, cadence = date.fromisoformat(case["date"]), cadence_of(case)
    if "previous" in case:
        anchor = date.fromisoformat(case["previous"])
    else:
        anchor = anchor_on(int(case["billing_cycle_day"]), day, cadence)
    earliest = day.replace(day=1) if case["rule"] == "same_month" else day
    return [(date.fromisoformat(case["expected"]), _on_or_after(earliest, anchor, cadence))]


def cycle_day(case: Case) -> Figures:
    return [(int(case["expected_day"]), local_date(instant(case["instant"]), zone_of(case)).day)]


def interval_detail(case: Case) -> Figures:
    """The cycle dates around what a run on the target date bills."""
    start, _, anchor, cadence = _terms(case)
    billed_to = _billed_to(case)
    first = _on_or_after(start, anchor, cadence)
    reached = billed_to is not None and billed_to >= first
    last = cycle_containing(billed_to, anchor, cadence)[1] if billed_to and reached else None
    ours = {
        "first_billing_cycle_date": first,
        "last_billing_cycle_date": last,
        "next_billing_cycle_date": cycle_containing(last, anchor, cadence)[2] if last else first,
        "effective_end_date": billed_to,
        "has_something_to_bill": billed_to is not None,
    }
    return [(_read(expected), ours[name]) for name, expected in case["expected"].items()]


def waits_after_the_end(case: Case) -> bool:
    """Whether a first part that ended is held back until its cycle date, or billed beyond its end."""
    if case["kind"] != "interval_detail" or not (case["end"] and case["target"]):
        return False
    start, end, anchor, cadence = _terms(case)
    target, first = date.fromisoformat(case["target"]), _on_or_after(start, anchor, cadence)
    return end is not None and (end < target < first if case["mode"] == "in_arrear" else target < end < first)


def _billed_to(case: Case) -> date | None:
    """The day up to which a run on the target date bills; None where nothing is due yet."""
    start, end, anchor, cadence = _terms(case)
    target = date.fromisoformat(case["target"]) if case["target"] else start
    if end and end <= target:
        return end
    n, reached, _ = cycle_containing(max(target, start), anchor, cadence)
    if case["mode"] == "in_advance" or (case["in_arrear_mode"] == "greedy" and reached != target):
        following = boundary(anchor, cadence, n + 1)
        return min(following, end) if end else following
    return reached if reached >= start else None


def _terms(case: Case) -> tuple[date, date | None, date, Cadence]:
    """Start, end, anchor and cadence; cycles of days or weeks run from the start, whatever the billing day."""
    start, cadence = date.fromisoformat(case["start"]), cadence_of(case)
    end = date.fromisoformat(case["end"]) if case["end"] else None
    counted_in_days = cadence.interval in {Interval.DAY, Interval.WEEK}
    anchor = start if counted_in_days else anchor_on(int(case["billing_cycle_day"]), start, cadence)
    return start, end, anchor, cadence


def _on_or_after(day: date, anchor: date, cadence: Cadence) -> date:
    _, first, last = cycle_containing(day, anchor, cadence)
    return first if first == day else last


def _read(expected: str | bool | None) -> date | bool | None:
    return date.fromisoformat(expected) if isinstance(expected, str) else expected
