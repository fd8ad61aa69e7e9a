"""An id of a transfer is spent once: what failed for good was never posted."""

from __future__ import annotations

from core.db.asking import count, faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from ledger.models import FailedTransfer, Transfer

_POSTED = """
SELECT failed.transfer_id, failed.result FROM ledger_failedtransfer failed
JOIN ledger_transfer posted ON posted.id = failed.transfer_id AND posted.tenant_id = failed.tenant_id
WHERE failed.tenant_id = %(tenant)s
ORDER BY failed.transfer_id
"""


def _failed() -> Outcome:
    found = [
        Finding(f"transfer {transfer}", f"it failed by {result}, and was posted")
        for transfer, result in (faults(_POSTED) if holds(FailedTransfer) and holds(Transfer) else ())
    ]
    return outcome(count(FailedTransfer), "failed ids", found)


CHECKS: tuple[Check, ...] = (
    Check(
        name="ledger.failed",
        rule=1,
        sentence="No transfer is in the books whose id failed for good.",
        run=_failed,
    ),
)
