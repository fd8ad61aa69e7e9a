"""Questions that what was billed must answer well (blueprint §13, rules 4 to 7)."""

from __future__ import annotations

from billing.integrity import claims, documents, due, evidence, lines, numbers, renditions, runs, totals
from core.integrity import Check

CHECKS: tuple[Check, ...] = (
    *due.CHECKS,
    *evidence.CHECKS,
    *claims.CHECKS,
    *numbers.CHECKS,
    *documents.CHECKS,
    *renditions.CHECKS,
    *totals.CHECKS,
    *lines.CHECKS,
    *runs.CHECKS,
)
