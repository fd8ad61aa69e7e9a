"""Questions that the books must answer well (blueprint §13, rules 1 and 2)."""

from __future__ import annotations

from core.integrity import Check
from ledger.integrity import books, failed, pending, periods, recorded

CHECKS: tuple[Check, ...] = (*books.CHECKS, *pending.CHECKS, *failed.CHECKS, *periods.CHECKS, *recorded.CHECKS)
