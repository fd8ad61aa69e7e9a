"""A gate that many may pass together, and one may close to know that nobody is inside (billing rules §4)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from core.access.scope import tenant_id
from core.db import gate
from core.db.gate import GateBusy
from core.db.transaction import atomic
from core.models import Tenant, new_id
from tests.metering.crowd import meanwhile

pytestmark = pytest.mark.usefixtures("fresh_books")


@contextmanager
def _somebody_inside() -> Iterator[None]:
    """While inside, a transaction on another connection has passed the gate."""
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with atomic():
            gate.enter(tenant_id())
            inside.set()
            assert leave.wait(30)

    done = meanwhile(stay)
    assert inside.wait(30)
    try:
        yield
    finally:
        leave.set()
        done.result(timeout=30)


def _enter() -> float:
    """Passes the gate; when."""
    with atomic():
        gate.enter(tenant_id())
        return time.monotonic()


def _waits(work: Future[float]) -> bool:
    try:
        work.result(timeout=0.2)
    except TimeoutError:
        return True
    return False


def test_many_pass_together() -> None:
    with _somebody_inside(), _somebody_inside():
        assert _enter() > 0


def test_closing_waits_until_everybody_has_left() -> None:
    def close() -> float:
        with atomic():
            gate.close(tenant_id(), wait_milliseconds=20_000)
            return time.monotonic()

    with _somebody_inside():
        closing = meanwhile(close)
        assert _waits(closing)
        left_at = time.monotonic()
    assert closing.result(timeout=30) >= left_at


def test_nobody_passes_a_closed_gate_until_the_transaction_ends() -> None:
    with atomic():
        gate.close(tenant_id(), wait_milliseconds=1_000)
        passing = meanwhile(_enter)
        assert _waits(passing)
        opened_at = time.monotonic()
    assert passing.result(timeout=30) >= opened_at


def test_whoever_waits_too_long_is_told_that_it_is_busy() -> None:
    before = time.monotonic()
    with _somebody_inside():
        with pytest.raises(GateBusy) as refused, atomic():
            gate.close(tenant_id(), wait_milliseconds=100)
        assert 0.1 <= time.monotonic() - before < 10
        assert refused.value.code == "gate_busy"
        assert _enter() > 0


def test_the_short_patience_ends_with_the_transaction() -> None:
    with atomic():
        gate.close(tenant_id(), wait_milliseconds=1)
    with atomic():
        # Would be refused at once if the lock time-out of before still held.
        passing = meanwhile(_somebody_inside_for_a_moment)
        time.sleep(0.1)
        gate.close(tenant_id(), wait_milliseconds=20_000)
    passing.result(timeout=30)


def _somebody_inside_for_a_moment() -> None:
    with atomic():
        gate.enter(tenant_id())
        time.sleep(0.3)


def test_each_tenant_has_a_gate_of_its_own(fresh_books: Tenant) -> None:
    with _somebody_inside(), atomic():
        gate.close(new_id(), wait_milliseconds=100)
