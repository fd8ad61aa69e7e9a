"""Applying the items of a run: a chunk of trees in one transaction, and what fails alone is parked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from billing.models import Charge, Run, RunItem
from billing.runs import planning, services
from billing.runs.planning import PlannedItem
from core.models import Message
from core.money import PICO
from tests.billing import small
from tests.billing.runs.failing import load_failing_for
from tests.support import world
from tests.support.world import TESTER

JANUARY, FEBRUARY = world.day("2026-01-01"), world.day("2026-02-01")
pytestmark = pytest.mark.usefixtures("three")


def test_one_broken_customer_is_parked_and_the_others_are_billed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Park, don't guess: with a reason, and every later item of that tree behind it."""
    broken = small.tree("c-02").id
    monkeypatch.setattr("billing.runs.applying.load", load_failing_for(broken))
    outcome = services.bill(through=FEBRUARY, actor=TESTER)
    assert [(item.tree_id, item.code) for item in outcome.parked] == [
        (broken, "error"),
        (broken, "earlier_item_parked"),
    ]
    assert outcome.parked[0].reason == "ZeroDivisionError: a bad record"
    assert [number for number, _, _ in world.invoices()] == [f"INV-00000{n}" for n in (1, 2, 3, 4)]
    assert {row.payer.key for row in outcome.invoices} == {"c-01", "c-03"}
    run = Run.objects.get()
    assert (run.state, run.booked, run.expected) == ("exceptions", {"USD": "1244"}, {"USD": "1866"})
    assert Message.objects.filter(event="item.parked").count() == 2


def test_what_was_parked_is_billed_once_it_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers go on without a gap; the others are not billed again."""
    monkeypatch.setattr("billing.runs.applying.load", load_failing_for(small.tree("c-02").id))
    services.bill(through=FEBRUARY, actor=TESTER)
    monkeypatch.undo()
    again = services.bill(through=FEBRUARY, actor=TESTER)
    assert [(str(row.number), row.payer.key) for row in again.invoices] == [
        ("INV-000005", "c-02"),
        ("INV-000006", "c-02"),
    ]
    assert again.booked == {"USD": 622 * PICO}


def test_a_parked_item_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its charges are undone with its document."""
    with world.broken_seller():
        outcome = services.bill(through=JANUARY, actor=TESTER)
    assert {item.code for item in outcome.parked} == {"error"}
    assert (len(outcome.parked), outcome.charges, outcome.booked) == (3, 0, {})
    assert not Charge.objects.exists()
    assert world.balance(1200) == "0"


def _planned(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """What runs plan from now on is changed before it is applied."""
    real = planning.plan

    def plan(**asked: Any) -> list[PlannedItem]:
        items: list[PlannedItem] = change(real(**asked))
        return items

    monkeypatch.setattr(planning, "plan", plan)


def test_an_item_that_comes_to_another_amount_than_planned_is_not_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although nothing moved: not to be guessed at."""
    _planned(monkeypatch, lambda items: [msgspec.structs.replace(items[0], expected={"USD": 1}), *items[1:]])
    outcome = services.bill(through=JANUARY, actor=TESTER)
    (parked,) = outcome.parked
    assert parked.code == "item_differs"
    assert parked.reason == "planned {'USD': '0.000000000001'}, came to {'USD': '310'}"
    assert len(outcome.invoices) == 2


def test_an_item_whose_tree_has_moved_since_is_planned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """§3.6: a fact between plan and apply is taken into account, and noted."""

    def moved(items: list[PlannedItem]) -> list[PlannedItem]:
        world.change(on="2026-01-16", end=True)
        return items

    _planned(monkeypatch, moved)
    outcome = services.bill(through=JANUARY, actor=TESTER)
    assert outcome.parked == []
    replanned = {item.tree_id: item.replanned for item in RunItem.objects.all()}
    assert replanned == {small.tree(f"c-0{n}").id: n == 1 for n in (1, 2, 3)}
    assert world.exact()["s-01 plan.fee 01-01"] == "150"


def test_usage_that_came_since_the_plan_waits_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan fixes the watermark, and applying rates at it."""

    def used(items: list[PlannedItem]) -> list[PlannedItem]:
        small.use("meanwhile", 100)
        return items

    _planned(monkeypatch, used)
    services.bill(through=FEBRUARY, actor=TESTER)
    assert world.exact()["s-01 plan.tokens 01-01"] == "1"
    monkeypatch.undo()
    services.bill(through=FEBRUARY, actor=TESTER)
    assert world.exact()["s-01 plan.tokens 01-01"] == "11"
