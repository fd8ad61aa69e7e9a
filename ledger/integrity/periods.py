"""Accounting periods follow one another, are closed in order, and nothing came into a closed one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from django.db.models.expressions import RawSQL

from core.db.asking import faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from core.models import AuditRecord
from ledger.models import AccountingPeriod

# By the order in which rows arrived, which no writer can say: whoever closes lets nobody write, and what is in the
# trail after that came later, whenever it says it was recorded. What was there before and was moved into the period
# shows by its time. What lies before the first period is closed with it.
_INTRUDED = """
SELECT transfer.id, period.month
FROM ledger_accountingperiod period
LEFT JOIN (
    SELECT REPLACE(CAST(subject_id AS CHAR(36)), '-', '') AS period_id, MAX(arrival) AS arrival FROM core_auditrecord
    WHERE tenant_id = %(tenant)s AND event = 'period.closed' GROUP BY REPLACE(CAST(subject_id AS CHAR(36)), '-', '')
) closing ON closing.period_id = REPLACE(CAST(period.id AS CHAR(36)), '-', '')
JOIN ledger_transfer transfer ON transfer.tenant_id = period.tenant_id AND transfer.effective_at < period.end_at
    AND (transfer.timestamp > period.changed_at OR transfer.arrival > closing.arrival)
    AND (transfer.effective_at >= period.start_at OR period.start_at = (
        SELECT MIN(start_at) FROM ledger_accountingperiod WHERE tenant_id = %(tenant)s
    ))
WHERE period.tenant_id = %(tenant)s AND period.state = 'closed'
ORDER BY transfer.id
"""

_STATES = {
    "period.opened": AccountingPeriod.State.OPEN,
    "period.closed": AccountingPeriod.State.CLOSED,
    "period.reopened": AccountingPeriod.State.OPEN,
}


def _periods() -> Outcome:
    rows = list(AccountingPeriod.objects.order_by("start_at")) if holds(AccountingPeriod) else []
    intruders = faults(_INTRUDED) if rows else ()
    intruded = [Finding(f"transfer {one}", f"posted into {month}, closed") for one, month in intruders]
    return outcome(len(rows), "accounting periods", [*_disordered(rows), *_untold(rows), *intruded])


def _disordered(rows: list[AccountingPeriod]) -> Iterator[Finding]:
    for before, after in pairwise(rows):
        if before.end_at != after.start_at:
            yield Finding(f"period {after.month}", f"it does not begin where {before.month} ends")
        if (before.state, after.state) == (AccountingPeriod.State.OPEN, AccountingPeriod.State.CLOSED):
            yield Finding(f"period {after.month}", f"it is closed, and {before.month} is open")


def _untold(rows: list[AccountingPeriod]) -> Iterator[Finding]:
    """Periods that stand otherwise than the audit trail, which nobody can change, says last."""
    trail = (
        AuditRecord.objects.filter(event__in=_STATES)
        .order_by(RawSQL("arrival", []))
        .values_list("subject_id", "event", "at", "after")
    )
    last = {subject: (_STATES[event], at, (after or {}).get("month", subject)) for subject, event, at, after in trail}
    for row in rows:
        if last.pop(str(row.pk), None) != (row.state, row.changed_at, row.month):
            yield Finding(f"period {row.month}", f"it is {row.state}, and the audit trail says otherwise")
    for *_, month in last.values():
        yield Finding(f"period {month}", "the audit trail knows it, and it is gone")


CHECKS = (
    Check("ledger.periods", 2, "Accounting periods follow one another, and nothing came into a closed one.", _periods),
)
