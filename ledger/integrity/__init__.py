"""Questions that the books must answer well (blueprint §13, rule 1)."""

from __future__ import annotations

from core.integrity import Check
from ledger.integrity import books, pending

CHECKS: tuple[Check, ...] = (*books.CHECKS, *pending.CHECKS)
