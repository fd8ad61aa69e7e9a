"""When other engines start and end billing periods, against Daybook's cycles."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import InvalidValue
from core.period import zone_named
from tests.vectors import periods_kill_bill as kill_bill
from tests.vectors import periods_lago as lago
from tests.vectors import periods_others as others
from tests.vectors.kit import Case, Rule, cases
from tests.vectors.periods_common import CADENCES, Figures, cycle_name


def _unknown_zone(case: Case) -> bool:
    name = case.get("timezone", "UTC")
    try:
        zone_named(name)
    except InvalidValue:
        return not name.endswith(":00")
    return False


RULES = [
    Rule("an unknown time zone is refused, not read as UTC", _unknown_zone),
    Rule(
        "a cycle is whole days, weeks, months, quarters or years: hours are windows of a meter",
        lambda case: cycle_name(case) not in {*CADENCES, None},
    ),
    Rule(
        "every boundary is computed from the anchor, not by whole intervals from the running period's start",
        others.steps_from_its_start,
    ),
    Rule(
        "the last period of a subscription is the one in which it ends, not the one in which the run is made",
        lago.ended_in_an_earlier_cycle,
    ),
    Rule(
        "what has ended is due up to its end at once, also before its first boundary",
        kill_bill.waits_after_the_end,
    ),
]

KINDS: dict[str, Callable[[Case], Figures]] = {
    "boundary": lago.bound,
    "duration_days": lago.duration_days,
    "advance": kill_bill.stepped,
    "recede": kill_bill.stepped,
    "align": kill_bill.aligned,
    "bill_cycle_day": kill_bill.cycle_day,
    "interval_detail": kill_bill.interval_detail,
    "advance_period": others.advance_period,
    "arrear_period": others.arrear_period,
    "elapsed_cycles": others.elapsed_cycles,
    "period_containing": others.period_containing,
    "next_billing_date": others.next_billing_date,
    "reset_at": others.reset_at,
    "billing_periods": others.billing_periods,
    "days": others.days,
    "floor": others.floor,
    "bucket_starts": others.bucket_starts,
    "recurrence": others.recurrence,
}


@cases("billing_periods", rules=RULES)
def test_billing_period(case: Case) -> None:
    """Daybook's boundary, count or number of days is the published one."""
    for expected, ours in KINDS[case["kind"]](case):
        assert ours == expected
