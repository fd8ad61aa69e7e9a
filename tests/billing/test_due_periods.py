"""What is read before anything is owed: which periods are reached, and whose usage is asked for."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from billing.due import Demand, SubjectSpan, clipped, demands
from contracts.cycles import ServicePeriod
from contracts.values import StoredPeriod
from core.period import BEGINNING, Period
from tests.billing.owing import SIGNED, owed, planned, shown
from tests.support.agreements import amendment, price, subscription
from tests.support.world import instant

MARCH, APRIL, MAY = (instant(f"2026-{month:02}-01") for month in (3, 4, 5))
A = price("fee", "flat", plan="plan", in_advance=True, amount="310")
TOKENS_A = price("tokens", "per_unit", plan="plan", metered=True, unit_amount="1")
TOKENS_B = price("tokens", "per_unit", plan="B", metered=True, unit_amount="2")
MOVED = subscription(SIGNED, amendment(1, "2026-03-11", plan="B"))


@pytest.mark.parametrize(
    ("through", "since", "starts"),
    [
        ("2026-02-28", None, []),
        ("2026-03-01", None, ["03-01"]),
        ("2026-05-01", None, ["03-01", "04-01", "05-01"]),
        ("2026-05-01", "2026-04-01", ["04-01", "05-01"]),
        ("2026-05-01", "2026-04-01T00:00:00.000001", ["04-01", "05-01"]),
        ("2026-05-01", "2026-03-31", ["03-01", "04-01", "05-01"]),
        ("2026-05-01", "2026-06-01", []),
    ],
)
def test_the_periods_that_start_by_an_instant_and_end_after_another(
    through: str, since: str | None, starts: list[str]
) -> None:
    """A period is never evaluated in part."""
    plans = planned(A, through=through, since=since)
    assert [f"{plan.period.start:%m-%d}" for plan in plans] == starts


def _stored(*bounds: str, watermark: int | None = 7) -> list[StoredPeriod]:
    pairs = pairwise(instant(bound) for bound in bounds)
    return [StoredPeriod(ServicePeriod(start, end, start, end, "UTC"), watermark) for start, end in pairs]


def test_stored_periods_stay_as_they_were_stored() -> None:
    """§2.9: a move of the zone acts from where they end; what was first billed when is known of each."""
    stored = _stored("2026-03-01", "2026-03-21", "2026-04-11")
    plans = planned(A, agreed=subscription(SIGNED, stored=stored), through="2026-05-01", zone="Asia/Kolkata")
    assert [(plan.period.start, plan.period.end, plan.first_watermark) for plan in plans[:2]] == [
        (one.period.start, one.period.end, 7) for one in stored
    ]
    assert (plans[2].period.start, plans[2].period.zone) == (instant("2026-04-11"), "Asia/Kolkata")
    assert plans[2].first_watermark is None


def test_stored_periods_after_a_back_dated_end_are_looked_at_and_owe_nothing() -> None:
    """§1.3: what was booked for them is given back, because due is zero there."""
    stored = _stored("2026-03-01", "2026-04-01", "2026-05-01")
    agreed = subscription(SIGNED, amendment(1, "2026-03-16", end=True), stored=stored)
    plans = planned(A, agreed=agreed, through="2026-05-01")
    assert [(plan.period.start, len(plan.runs)) for plan in plans] == [(MARCH, 1), (APRIL, 0)]
    assert shown(owed(A, agreed=agreed, through="2026-05-01")) == ["fee 03-01..03-16 150, due 03-01"]


def test_usage_is_asked_for_where_it_is_due_run_by_run() -> None:
    plans = planned(A, TOKENS_A, TOKENS_B, agreed=MOVED, through="2026-04-15")
    spans = {plans[0].subscription.id: [SubjectSpan("app", BEGINNING, instant("2026-03-21"))]}
    found = demands(plans, spans=spans, through=instant("2026-04-15"))
    assert [(one.meter_id, one.item[2], one.item[3]) for one in found] == [
        (TOKENS_A.meter_id, MARCH, MARCH),
        (TOKENS_B.meter_id, MARCH, instant("2026-03-11")),
    ]
    assert [one.spans for one in found] == [
        (SubjectSpan("app", MARCH, instant("2026-03-11")),),
        (SubjectSpan("app", instant("2026-03-11"), instant("2026-03-21")),),
    ]
    assert demands(plans, spans=spans, through=APRIL - timedelta(microseconds=1)) == []


def test_what_came_after_its_period_was_first_billed_is_asked_for_as_late() -> None:
    agreed = subscription(SIGNED, stored=_stored("2026-03-01", "2026-04-01"))
    plans = planned(TOKENS_A, agreed=agreed, through="2026-05-01")
    needs: list[Demand] = demands(plans, spans={agreed.id: []}, through=MAY)
    assert [one.late_after for one in needs] == [7, None]


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ("2026-02-01", "2026-06-01", ("2026-03-01", "2026-04-01")),
        ("2026-03-10", "2026-03-11", ("2026-03-10", "2026-03-11")),
        ("2026-02-01", "2026-03-01", None),
        ("2026-04-01", "2026-06-01", None),
        ("2026-03-10", "2026-03-10", None),
    ],
)
def test_spans_are_clipped_to_what_they_are_asked_for(start: str, end: str, inside: tuple[str, str] | None) -> None:
    found = clipped([SubjectSpan("app", instant(start), instant(end))], Period(MARCH, APRIL))
    assert found == ((SubjectSpan("app", instant(inside[0]), instant(inside[1])),) if inside else ())
