"""Meteroid's, OpenMeter's and Flexprice's periods: half-open, some at the anchor's time of day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from contracts.cycles import Interval, ServicePeriod, boundary, cycle_containing, periods
from core.period import local_date, local_midnight
from tests.vectors.kit import Case
from tests.vectors.periods_common import (
    CADENCES,
    CALENDAR,
    Figures,
    anchor_on,
    at_time_of,
    cadence_of,
    cycle_at,
    instant,
    periods_from,
    zone_of,
)

_UTC = ZoneInfo("UTC")


def next_billing_date(case: Case) -> Figures:
    """Flexprice: the first boundary after the day on which the running period started."""
    zone, anchor = zone_of(case), instant(case["billing_anchor"])
    started_on = local_date(instant(case["current_period_start"]), zone)
    _, _, following = cycle_containing(started_on, local_date(anchor, zone), cadence_of(case))
    return [(instant(case["expected"]), _until_the_end(case, at_time_of(anchor, following, zone)))]


def steps_from_its_start(case: Case) -> bool:
    """Whether Flexprice counts whole intervals from the running period's start, which is no boundary of the anchor."""
    if case["kind"] != "next_billing_date":
        return False
    zone = zone_of(case)
    start, anchor = (local_date(instant(case[name]), zone) for name in ("current_period_start", "billing_anchor"))
    _, first, following = cycle_containing(start, anchor, cadence_of(case))
    if case["interval"] in {"quarterly", "semiannual"}:
        return following != anchor and (first != start or start < anchor)
    passed_over = case["interval"] == "yearly" and following.year == start.year
    return first != start and (case["unit"] != "1" or passed_over)


def reset_at(case: Case) -> Figures:
    """Flexprice: the first local midnight after now on which a counter starts again."""
    zone, cadence = zone_of(case), cadence_of(case)
    anchor = local_date(instant(case["billing_anchor"]), zone)
    _, _, following = cycle_containing(local_date(instant(case["now"]), zone), anchor, cadence)
    return [(instant(case["expected"]), _until_the_end(case, local_midnight(following, zone)))]


def billing_periods(case: Case) -> Figures:
    """Flexprice: all periods of a subscription."""
    zone, end = zone_of(case), instant(case["end"])
    anchor = local_date(instant(case["billing_anchor"]), zone)
    start = instant(case["start"])
    ours = list(periods(start=start, until=end, anchor=anchor, cadence=cadence_of(case), zone=zone.key))
    figures: Figures = [(int(case["expected_count"]), len(ours))]
    for position, name in enumerate(["expected_first_end", "expected_second_end"]):
        figures += [(instant(case[name]), min(ours[position].end, end))] if name in case else []
    return figures


def days(case: Case) -> Figures:
    """Flexprice: calendar days later, at the same local time of day."""
    zone, moment = zone_of(case), instant(case["time"])
    day = boundary(local_date(moment, zone), CADENCES["day"], int(case["count"]))
    return [(instant(case["expected"]), at_time_of(moment, day, zone))]


def floor(case: Case) -> Figures:
    """Flexprice: the start of the calendar day or week."""
    zone = zone_of(case)
    _, first, _ = cycle_containing(local_date(instant(case["time"]), zone), CALENDAR, cadence_of(case))
    return [(instant(case["expected"]), local_midnight(first, zone))]


def bucket_starts(case: Case) -> Figures:
    """Flexprice: the starts of the windows that meet a range; months count from the anchor or the range's start."""
    zone, cadence = zone_of(case), cadence_of(case)
    start, end = instant(case["start"]), instant(case["end"])
    aligned = instant(case["anchor"]) if case["anchor"] else start
    anchor = local_date(aligned, zone) if cadence.interval is Interval.MONTH else CALENDAR
    n, first, _ = cycle_containing(local_date(start, zone), anchor, cadence)
    ours = []
    while start < end and local_midnight(first, zone) < end:
        ours.append(local_midnight(first, zone))
        n, first = n + 1, boundary(anchor, cadence, n + 1)
    return [([instant(text) for text in case["expected"]], ours)]


def recurrence(case: Case) -> Figures:
    """OpenMeter: the occurrence after or before a moment, the moment itself counting where it is inclusive."""
    zone, cadence, anchor, moment = zone_of(case), cadence_of(case), instant(case["anchor"]), instant(case["time"])
    n = cycle_at(moment, anchor, cadence, zone)

    def occurrence(number: int) -> datetime:
        return at_time_of(anchor, boundary(local_date(anchor, zone), cadence, number), zone)

    if case["operation"] == "period_at":
        expected = [instant(case["expected_start"]), instant(case["expected_end"])]
        return [(expected, [occurrence(n), occurrence(n + 1)])]
    on_it, inclusive = occurrence(n) == moment, case["boundary"] == "inclusive"
    if case["operation"] == "next_after":
        n += 0 if on_it and inclusive else 1
    else:
        n -= 1 if on_it and not inclusive else 0
    return [(instant(case["expected"]), occurrence(n))]


def period_containing(case: Case) -> Figures:
    """Flexprice: from a period that is known; Meteroid: from the start of billing, at the earliest the first."""
    if "known_start" in case:
        start, target, zone = instant(case["known_start"]), instant(case["target"]), zone_of(case)
        anchor = local_date(instant(case["billing_anchor"]), zone)
        found = next(one for one in periods_from(start, anchor, cadence_of(case), zone) if target < one.end)
        expected = instant(case["expected_start"]), instant(case["expected_end"])
        return [(expected, (found.start, found.end))]
    start, target = _midnight(case["billing_start"]), _midnight(case["target"])
    return _dates(case, next(one for one in _periods(case, start) if target < one.end))


def advance_period(case: Case) -> Figures:
    """Meteroid: the period that an invoice bills ahead."""
    return _dates(case, next(_periods(case, _midnight(case["invoice_date"]))))


def arrear_period(case: Case) -> Figures:
    """Meteroid: the period that ends with the day of the invoice."""
    start, invoiced = _midnight(case["billing_start"]), _midnight(case["invoice_date"])
    return _dates(case, next(one for one in _periods(case, start) if invoiced <= one.end))


def elapsed_cycles(case: Case) -> Figures:
    """Meteroid: boundaries passed since billing started, none before it."""
    start, target = date.fromisoformat(case["billing_start"]), date.fromisoformat(case["target"])
    cadence = cadence_of(case)
    anchor = anchor_on(int(case["billing_day"]), start, cadence)
    passed = cycle_containing(target, anchor, cadence)[0] - cycle_containing(start, anchor, cadence)[0]
    return [(int(case["expected_cycles"]), max(passed, 0))]


def _periods(case: Case, start: datetime) -> Iterator[ServicePeriod]:
    cadence = cadence_of(case)
    return periods_from(start, anchor_on(int(case["billing_day"]), start.date(), cadence), cadence, _UTC)


def _dates(case: Case, period: ServicePeriod) -> Figures:
    expected = [date.fromisoformat(case["expected_start"]), date.fromisoformat(case["expected_end"])]
    return [(expected, [period.start.date(), period.end.date()])]


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def _until_the_end(case: Case, moment: datetime) -> datetime:
    """At the latest the end of the subscription."""
    return min(moment, instant(case["subscription_end"])) if "subscription_end" in case else moment
