"""Usage that is written while a run begins: in this run or in the next one, never in neither (billing rules §4)."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial

import pytest

from billing.models import Run
from billing.runs.applying import Outcome
from core import clock
from core.db.gate import GateBusy
from core.db.transaction import atomic
from core.models import Tenant
from customers.models import Tree
from metering import watermark
from metering.models import Event
from metering.models.batch import first_number_after
from tests.metering.crowd import meanwhile
from tests.support import world
from tests.support.waiting import until_somebody_waits

pytestmark = pytest.mark.usefixtures("books")


class SlowSender:
    """A second connection whose batch has drawn its number and is not committed until it is let go."""

    def __init__(self, id: str, tokens: int) -> None:
        self._drawn, self._go = threading.Event(), threading.Event()
        self._done = meanwhile(partial(self._send, id, tokens))
        assert self._drawn.wait(30)

    def _send(self, id: str, tokens: int) -> int:
        with atomic():
            number = world.ingest(world.event(id, time="2026-01-20T12:00:00Z", tokens=tokens)).number
            self._drawn.set()
            assert self._go.wait(60)
        return number

    def let_go(self) -> int:
        """The number of its batch, committed."""
        self._go.set()
        return self._done.result(timeout=60)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits a moment for the gate, not seconds."""
    monkeypatch.setattr(watermark, "take", partial(watermark.take, wait_milliseconds=100, tries=2))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits for the gate for as long as it takes."""
    monkeypatch.setattr(watermark, "take", partial(watermark.take, wait_milliseconds=60_000))


def set_up() -> None:
    meter = {"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "tokens"}
    price = {"key": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.10"}
    world.apply(
        {
            "customers": [world.customer()],
            "meters": [meter],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("payg", [price])],
            "subscriptions": [{"key": "s-01", "customer": "c-01", "plan": "payg", "start": world.day("2026-01-01")}],
        }
    )
    # On MariaDB the tenant's row is the gate: whoever moves its test clock waits for those inside.
    clock.reach(to=datetime(2026, 3, 1, tzinfo=UTC), actor=world.TESTER)


def billing(through: str) -> Future[Outcome]:
    return meanwhile(partial(world.bill, through))


@pytest.mark.usefixtures("impatient")
def test_what_is_not_committed_when_a_run_begins_is_late_in_the_next() -> None:
    """The run goes on with the watermark before, above which it sees nothing; the next one books the rest as late."""
    set_up()
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10))
    before = watermark.take()
    slow = SlowSender("slow", 1)
    above = world.ingest(world.event("quick", time="2026-01-04T10:00:00Z", tokens=100)).number

    world.bill("2026-02-01")
    assert Run.objects.get().watermark == before
    assert world.exact() == {"s-01 payg.tokens 01-01": "1"}

    assert before < slow.let_go() < above
    world.bill("2026-03-01")
    assert {run.watermark for run in Run.objects.all()} == {before, above}
    assert world.exact() == {"s-01 payg.tokens 01-01": "11.1"}
    assert world.lines("INV-000002") == [("Late usage: Product · Tokens", "10.10")]
    assert world.bill("2026-03-01").charges == 0


@pytest.mark.usefixtures("patient")
def test_a_run_waits_until_nobody_is_inside() -> None:
    """Then all that was numbered below its watermark is committed, and it is billed in time."""
    set_up()
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10))
    slow = SlowSender("slow", 1)
    running = billing("2026-02-01")
    until_somebody_waits()
    assert not Run.objects.exists()

    number = slow.let_go()
    running.result(timeout=60)
    assert Run.objects.get().watermark == number
    assert world.exact() == {"s-01 payg.tokens 01-01": "1.1"}
    assert world.lines("INV-000001") == [("Product · Tokens", "1.10")]


@pytest.mark.usefixtures("patient")
def test_whoever_waits_for_the_gate_holds_nobody_up() -> None:
    """Meanwhile trees can be locked and amended: a run takes its watermark before it locks anything."""
    set_up()
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10))
    slow = SlowSender("slow", 1)
    running = billing("2026-02-01")
    until_somebody_waits()

    with atomic():
        assert Tree.objects.select_for_update(nowait=True).get()
    world.change(on="2026-01-10", end=True, reason="ended while a run waits")
    slow.let_go()
    running.result(timeout=60)
    assert world.exact() == {"s-01 payg.tokens 01-01": "1"}


@pytest.mark.usefixtures("impatient")
def test_the_first_run_never_guesses(books: Tenant) -> None:
    """With no watermark to fall back to, the run is refused and nothing is written."""
    set_up()
    slow = SlowSender("slow", 1)
    with pytest.raises(GateBusy):
        world.bill("2026-02-01")
    assert not Run.objects.exists()
    slow.let_go()
    world.bill("2026-02-01")
    assert world.exact() == {"s-01 payg.tokens 01-01": "0.1"}


@pytest.mark.usefixtures("impatient")
def test_what_a_watermark_covers_never_changes() -> None:
    """Senders of every speed: whatever was billed at a watermark is what is there under it for ever."""
    set_up()
    seen: dict[int, int] = {}
    for number in range(4):
        world.ingest(world.event(f"e-{number}", time="2026-01-03T10:00:00Z", tokens=10))
        mark = watermark.take()
        slow = SlowSender(f"slow-{number}", 1)
        world.ingest(world.event(f"quick-{number}", time="2026-01-04T10:00:00Z", tokens=100))
        assert watermark.take() == mark
        world.bill("2026-02-01")
        seen[mark] = below(mark)
        slow.let_go()
    assert {mark: below(mark) for mark in seen} == seen
    world.bill("2026-03-01")
    assert world.exact() == {"s-01 payg.tokens 01-01": "44.4"}


def below(mark: int) -> int:
    return int(Event.objects.filter(number__lt=first_number_after(mark)).count())
