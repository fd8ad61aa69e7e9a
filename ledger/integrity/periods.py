"""Accounting periods follow one another, are closed in order, and nothing came into a closed one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from core.db.asking import faults
from core.integrity import Check, Finding, Outcome, outcome
from ledger.models import AccountingPeriod

# What was recorded in the very instant of the closing may have come before it.
_INTRUDED = """
SELECT transfer.id, period.month
FROM ledger_accountingperiod period
JOIN ledger_transfer transfer ON transfer.tenant_id = period.tenant_id AND transfer.effective_at < period.end_at
    AND transfer.effective_at >= period.start_at AND transfer.timestamp > period.changed_at
WHERE period.tenant_id = %(tenant)s AND period.state = 'closed'
ORDER BY transfer.id
"""


def _periods() -> Outcome:
    rows = list(AccountingPeriod.objects.order_by("start_at"))
    intruded = [Finding(f"transfer {one}", f"posted into {month}, closed") for one, month in faults(_INTRUDED)]
    return outcome(len(rows), "accounting periods", [*_disordered(rows), *intruded])


def _disordered(rows: list[AccountingPeriod]) -> Iterator[Finding]:
    for before, after in pairwise(rows):
        if before.end_at != after.start_at:
            yield Finding(f"period {after.month}", f"it does not begin where {before.month} ends")
        if (before.state, after.state) == (AccountingPeriod.State.OPEN, AccountingPeriod.State.CLOSED):
            yield Finding(f"period {after.month}", f"it is closed, and {before.month} is open")


CHECKS = (
    Check("ledger.periods", 2, "Accounting periods follow one another, and nothing came into a closed one.", _periods),
)
