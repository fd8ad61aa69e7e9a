from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from core.db import gate, sequence
from core.db.gate import GateBusy
from core.db.transaction import atomic
from core.models import Tenant
from metering import watermark
from metering.models import Event
from metering.models.batch import first_number_after
from tests.metering.crowd import at_once, meanwhile
from tests.metering.samples import send, text

pytestmark = pytest.mark.usefixtures("books")


class Held:
    """An ingest whose transaction stays open until it is let go."""

    def __init__(self) -> None:
        self._drawn, self._go = threading.Event(), threading.Event()
        self.done = meanwhile(self._run)
        assert self._drawn.wait(30)

    def _run(self) -> int:
        with atomic():
            number = send([text("slow")]).number
            self._drawn.set()
            assert self._go.wait(30)
        return number

    def let_go(self) -> int:
        self._go.set()
        return self.done.result(timeout=30)


def test_it_is_the_number_of_the_last_batch(books: Tenant) -> None:
    assert watermark.take() == 0
    number = send([text("1")]).number
    assert watermark.take() == watermark.latest() == number


def test_it_waits_for_a_lower_number_that_is_still_to_be_committed(books: Tenant) -> None:
    """Otherwise an event would commit below a watermark that was used already."""
    held = Held()
    later = send([text("quick")]).number
    taking = meanwhile(lambda: watermark.take(wait_milliseconds=20_000))
    with pytest.raises(TimeoutError):
        taking.result(timeout=0.3)
    assert held.let_go() < later == taking.result(timeout=30)
    assert Event.objects.filter(number__lt=first_number_after(later)).count() == 2


def test_it_falls_back_to_the_last_one_taken(books: Tenant) -> None:
    before = send([text("1")]).number
    assert watermark.take() == before
    held = Held()
    send([text("quick")])
    assert watermark.take(wait_milliseconds=50, tries=2) == before
    held.let_go()
    assert watermark.take() > before


def test_with_none_to_fall_back_to_it_says_so(books: Tenant) -> None:
    """A watermark of 0 would take back all that was billed."""
    held = Held()
    with pytest.raises(GateBusy):
        watermark.take(wait_milliseconds=50, tries=1)
    held.let_go()


def test_whoever_waits_for_the_gate_does_not_hold_a_transaction(books: Tenant) -> None:
    with pytest.raises(RuntimeError), atomic():
        watermark.take()


def test_a_closed_gate_keeps_ingest_out(books: Tenant) -> None:
    with atomic():
        gate.close(books.id, wait_milliseconds=1_000)
        sending = meanwhile(lambda: send([text("1")]))
        with pytest.raises(TimeoutError):
            sending.result(timeout=0.3)
    assert sending.result(timeout=30).accepted == 1


def test_a_batch_draws_its_number_behind_the_gate(books: Tenant) -> None:
    """A number drawn before could be below a watermark that is taken while the batch waits."""
    with atomic():
        gate.close(books.id, wait_milliseconds=1_000)
        sending = meanwhile(lambda: send([text("1")]))
        with pytest.raises(TimeoutError):
            sending.result(timeout=0.3)
        drawn = sequence.draw("metering_batch_number")
    assert sending.result(timeout=30).number > drawn


def test_no_event_commits_later_below_a_watermark(books: Tenant) -> None:
    """Whatever is read up to a watermark is the same whenever it is read again."""
    stop = threading.Event()
    seen: list[tuple[int, int]] = []

    def below(mark: int) -> int:
        return Event.objects.filter(number__lt=first_number_after(mark)).count()

    def look() -> None:
        deadline = time.monotonic() + 60
        while len(seen) < 12 or (len({mark for mark, _ in seen}) < 3 and time.monotonic() < deadline):
            mark = watermark.take()
            seen.append((mark, below(mark)))
        stop.set()

    def keep_sending(name: str) -> None:
        number = 0
        while not stop.is_set():
            send([text(f"{name}-{number}-{i}") for i in range(3)])
            number += 1

    at_once([look, *[partial(keep_sending, name) for name in "abc"]])
    assert [(mark, below(mark)) for mark, _ in seen] == seen
    assert len({mark for mark, _ in seen}) > 1
