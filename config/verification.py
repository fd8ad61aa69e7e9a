"""Asking everything that must be true of the tenant in scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from config import wiring
from core.db.snapshot import snapshot
from core.db.transaction import atomic
from core.integrity import Check, Finding, Outcome, outcome


def verify(
    *, begun: Callable[[Check], None] = lambda _: None, and_also: Sequence[Check] = ()
) -> list[tuple[Check, Outcome]]:
    """Each check with what came of it, all about one moment of the books; `begun` is told before each."""
    results = []
    with snapshot():
        for check in (*wiring.checks(), *and_also):
            begun(check)
            results.append((check, _outcome(check)))
    return results


def _outcome(check: Check) -> Outcome:
    """What came of a check; one that fails on what it reads has found something."""
    try:
        with atomic(savepoint=True):
            return check.run()
    except Exception as error:  # noqa: BLE001 - what was tampered with may raise anything, and the other checks go on
        return outcome(0, "answers", [Finding(check.name, f"can't be answered: {type(error).__name__}: {error}")])
