"""Making the plan of a run: its items, what is expected of each, and the digest of it all."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import pytest

from billing.evaluation import KnowledgePoint
from billing.runs import planning, services
from billing.runs.planning import PlannedItem, Through
from core.money import PICO
from customers.values import CustomerFacts
from metering import watermark
from tests.billing import small
from tests.billing.runs.failing import load_failing_for
from tests.support import world
from tests.support.agreements import named
from tests.support.world import TESTER, instant

JANUARY, FEBRUARY, MARCH = (instant(f"2026-{month:02}-01") for month in (1, 2, 3))


def _plan(through: str, *, now: str | None = None) -> list[PlannedItem]:
    limit = Through(limit=date.fromisoformat(through), now=instant(now or through))
    return planning.plan(through=limit, watermark=watermark.take(), tree_ids=None, progress=lambda _: None)


def _shown(items: list[PlannedItem]) -> list[str]:
    """Each item as `customer day expected`, an item without documents so marked."""
    keys = {small.tree(f"c-0{n}").id: f"c-0{n}" for n in (1, 2, 3)}
    return [
        f"{keys[one.tree_id]} {one.cut_off_at:%m-%d} {planning.written(one.expected).get('USD', '0')}"
        f"{'' if one.documents else ' books only'}"
        for one in items
    ]


@pytest.mark.usefixtures("three")
def test_each_tree_has_an_item_for_each_cut_off_the_earliest_first() -> None:
    assert _shown(_plan("2026-02-01")) == [
        *(f"c-0{n} 01-01 310" for n in (1, 2, 3)),
        *(f"c-0{n} 02-01 {310 + n}" for n in (1, 2, 3)),
    ]


@pytest.mark.usefixtures("three")
def test_where_nothing_can_have_changed_there_is_no_item() -> None:
    world.bill("2026-02-01")
    assert _plan("2026-02-01") == []
    small.use("late", 5, customer="c-02")
    assert _shown(_plan("2026-02-01")) == ["c-02 02-01 0.5 books only"]


@pytest.mark.usefixtures("three")
def test_what_an_earlier_end_left_due_is_expected_of_the_first_item() -> None:
    """Differences of what is billed already wait for the next document, whatever its cut-off."""
    world.bill("2026-02-01")
    small.use("late", 5, customer="c-02")
    assert _shown(_plan("2026-03-01")) == ["c-01 03-01 310", "c-02 03-01 310.5", "c-03 03-01 310"]


@pytest.mark.usefixtures("three")
def test_the_same_plan_has_the_same_digest() -> None:
    items = _plan("2026-02-01")
    assert planning.digest(items) == planning.digest(_plan("2026-02-01"))
    for changed in ({"expected": {"USD": 1}}, {"fact": 99}, {"documents": False}, {"cut_off_at": MARCH}):
        other = [msgspec.structs.replace(items[0], **changed), *items[1:]]
        assert planning.digest(other) != planning.digest(items)


@pytest.mark.usefixtures("three")
def test_what_can_not_even_be_planned_is_parked_and_the_others_are_billed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = small.tree("c-02").id
    monkeypatch.setattr("billing.runs.planning.load", load_failing_for(broken))
    outcome = services.bill(through=FEBRUARY.date(), actor=TESTER)
    assert [(item.tree_id, item.code, item.reason) for item in outcome.parked] == [
        (broken, "error", "ZeroDivisionError: a bad record")
    ]
    assert {row.payer.key for row in outcome.invoices} == {"c-01", "c-03"}


@pytest.mark.usefixtures("three")
def test_what_a_later_run_already_counted_stays_counted() -> None:
    """An item is never rated at a watermark below its own last one."""
    before = watermark.take()
    small.use("late", 5)
    world.bill("2026-02-01")
    tree = small.tree()
    assert planning.points({tree.id: 7}, before) == {tree.id: KnowledgePoint(watermark.take(), 7)}


def _customer(zone: str) -> CustomerFacts:
    return CustomerFacts(
        id=named("c-01"), key="c-01", tree_id=named("c-01"), parent_id=None, time_zone=zone, consolidate=False
    )


@pytest.mark.parametrize(
    ("limit", "zone", "now", "until"),
    [
        (date(2026, 2, 1), "UTC", "2026-03-01", "2026-02-01"),
        (date(2026, 2, 1), "Asia/Kolkata", "2026-03-01", "2026-01-31T18:30:00"),
        (date(2026, 2, 1), "America/Los_Angeles", "2026-03-01", "2026-02-01T08:00:00"),
        (instant("2026-02-01T12:00:00"), "Asia/Kolkata", "2026-03-01", "2026-02-01T12:00:00"),
        # Where the day has not begun yet, it is billed up to now.
        (date(2026, 2, 1), "America/Los_Angeles", "2026-02-01", "2026-02-01"),
    ],
)
def test_a_day_begins_at_each_customers_midnight_but_never_after_now(
    limit: date | datetime, zone: str, now: str, until: str
) -> None:
    assert Through(limit=limit, now=instant(now)).of(_customer(zone)) == instant(until)


def test_sums_are_by_currency_and_zeros_are_left_out() -> None:
    sums = planning.sums_of([("USD", PICO), ("EUR", 5), ("USD", -PICO), ("JPY", 3 * PICO)])
    assert sums == {"USD": 0, "EUR": 5, "JPY": 3 * PICO}
    assert planning.written(sums) == {"EUR": "0.000000000005", "JPY": "3"}
    assert list(planning.written({"USD": 1, "EUR": 1})) == ["EUR", "USD"]
