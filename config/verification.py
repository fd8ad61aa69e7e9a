"""Asking everything that must be true of the tenant in scope."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from django.db import Error, transaction

from config import wiring
from core.db import asking
from core.db.snapshot import snapshot
from core.db.transaction import atomic
from core.integrity import Check, Finding, Outcome, outcome

T = TypeVar("T")


def verify(
    *,
    begun: Callable[[Check], None] = lambda _: None,
    ended: Callable[[Check, Outcome], None] = lambda *_: None,
    and_also: Sequence[Check] = (),
    but: Collection[str] = (),
) -> list[tuple[Check, Outcome]]:
    """Each check with what came of it, all about one moment of the books; `begun` and `ended` are told of each."""
    results = []
    checks = [check for check in (*wiring.checks(), *and_also) if check.name not in but]
    with snapshot(), atomic():
        mark = transaction.savepoint()  # one for all; it goes with the transaction
        with asking.counted(_asked(asking.counts, mark, otherwise=lambda _: {})):
            for check in checks:
                begun(check)
                results.append((check, _asked(check.run, mark, otherwise=_unanswered(check))))
                ended(*results[-1])
    return results


def _asked(question: Callable[[], T], mark: str, *, otherwise: Callable[[Exception], T]) -> T:
    """What was answered. One that fails may have broken the transaction, which then goes back to the mark."""
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - what was tampered with may raise anything, and the other checks go on
        _go_back(mark)
        return otherwise(error)


def _go_back(mark: str) -> None:
    transaction.set_rollback(False)
    try:
        transaction.savepoint_rollback(mark)
    except Error:  # the connection is lost: nothing more can be asked
        transaction.set_rollback(True)


def _unanswered(check: Check) -> Callable[[Exception], Outcome]:
    """A check that fails on what it reads has found something."""
    return lambda error: outcome(
        0, "answers", [Finding(check.name, f"can't be answered: {type(error).__name__}: {error}")]
    )
