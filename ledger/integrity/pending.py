"""Whether what the database keeps of pending transfers and closed accounts agrees with the transfers themselves."""

from __future__ import annotations

from core.db import vendor
from core.db.asking import count, faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from ledger.integrity.books import account_named
from ledger.models import Account, Expiry, Pending, Transfer
from ledger.models.accounts import flagged
from ledger.transfers import RESOLVING

_MISSTATED = """
SELECT held.id, pending.state
FROM ledger_transfer held
LEFT JOIN ledger_pending pending ON pending.id = held.id AND pending.tenant_id = held.tenant_id
LEFT JOIN ledger_expiry expiry ON expiry.id = held.id AND expiry.tenant_id = held.tenant_id
LEFT JOIN ledger_transfer settling
    ON settling.id = pending.resolved_by AND settling.tenant_id = held.tenant_id AND settling.pending_id = held.id
WHERE held.tenant_id = %(tenant)s AND (held.flags & 2) <> 0
  AND CASE
    WHEN pending.id IS NULL OR (pending.expires_at IS NULL) <> (held.timeout = 0)
      OR pending.expires_at <> {expires_at} THEN 1
    WHEN pending.state = 'pending' AND expiry.id IS NULL THEN 0
    WHEN pending.state = 'expired' AND pending.resolved_at = expiry.at AND expiry.at >= pending.expires_at THEN 0
    WHEN pending.state = 'posted' AND expiry.id IS NULL AND (settling.flags & 4) <> 0
     AND settling.amount <= held.amount AND pending.resolved_at = settling.timestamp THEN 0
    WHEN pending.state = 'voided' AND expiry.id IS NULL AND (settling.flags & 8) <> 0
     AND settling.amount = held.amount AND pending.resolved_at = settling.timestamp THEN 0
    ELSE 1 END = 1
ORDER BY held.id
"""

_UNHELD = """
SELECT pending.id FROM ledger_pending pending
LEFT JOIN ledger_transfer held
    ON held.id = pending.id AND held.tenant_id = pending.tenant_id AND (held.flags & 2) <> 0
WHERE pending.tenant_id = %(tenant)s AND held.id IS NULL
UNION
SELECT expiry.id FROM ledger_expiry expiry
LEFT JOIN ledger_pending pending ON pending.id = expiry.id AND pending.tenant_id = expiry.tenant_id
WHERE expiry.tenant_id = %(tenant)s AND COALESCE(pending.state, '') <> 'expired'
ORDER BY 1
"""

_UNSETTLED = """
SELECT settling.id FROM ledger_transfer settling
LEFT JOIN ledger_pending pending
    ON pending.id = settling.pending_id AND pending.tenant_id = settling.tenant_id AND pending.resolved_by = settling.id
LEFT JOIN ledger_transfer held
    ON held.id = settling.pending_id AND held.debit_account_id = settling.debit_account_id
   AND held.credit_account_id = settling.credit_account_id AND held.ledger = settling.ledger
WHERE settling.tenant_id = %(tenant)s AND (settling.flags & 12) <> 0 AND (pending.id IS NULL OR held.id IS NULL)
ORDER BY settling.id
"""

_CLOSED = """
SELECT account.id, account.code, account.closed FROM ledger_account account
LEFT JOIN (
    SELECT held.debit_account_id AS account_id FROM ledger_transfer held
    JOIN ledger_pending pending ON pending.id = held.id AND pending.state IN ('pending', 'posted')
    WHERE held.tenant_id = %(tenant)s AND (held.flags & 64) <> 0
    UNION
    SELECT held.credit_account_id FROM ledger_transfer held
    JOIN ledger_pending pending ON pending.id = held.id AND pending.state IN ('pending', 'posted')
    WHERE held.tenant_id = %(tenant)s AND (held.flags & 128) <> 0
) closing ON closing.account_id = account.id
WHERE account.tenant_id = %(tenant)s
  AND account.closed <> (closing.account_id IS NOT NULL OR (account.flags & 32) <> 0)
ORDER BY account.id
"""


_PENDING = "pending transfers and expiries"
_RESOLVING = "transfers that post or void"


def _pending() -> Outcome:
    if not holds(Transfer, Pending, Expiry):
        return outcome(0, _PENDING)
    misstated = _MISSTATED.format(expires_at=vendor.seconds_after("held.timestamp", "held.timeout"))
    found = [
        Finding(f"transfer {transfer}", f"kept as {state or 'nothing'}, which is not what became of it")
        for transfer, state in faults(misstated)
    ]
    found += [
        Finding(f"transfer {transfer}", "kept as pending or expired, and it never was")
        for (transfer,) in faults(_UNHELD)
    ]
    return outcome(count(Pending, Expiry), _PENDING, found)


def _resolutions() -> Outcome:
    if not holds(Transfer):
        return outcome(0, _RESOLVING)
    found = [
        Finding(
            f"transfer {transfer}", "the transfer that it posts or voids is missing, another one, or settled otherwise"
        )
        for (transfer,) in faults(_UNSETTLED)
    ]
    counted = Transfer.objects.exclude(flagged(RESOLVING, 0)).count()
    return outcome(counted, _RESOLVING, found)


def _closed() -> Outcome:
    found = [
        Finding(account_named(account, code), "closed, and no transfer closed it" if closed else "a transfer closed it")
        for account, code, closed in (faults(_CLOSED) if holds(Account) else ())
    ]
    return outcome(count(Account), "accounts", found)


CHECKS: tuple[Check, ...] = (
    Check(
        name="ledger.pending",
        rule=1,
        sentence="Every pending transfer stands as its posting, void or expiry left it.",
        run=_pending,
    ),
    Check(
        name="ledger.resolutions",
        rule=1,
        sentence="Every posting or void settles a pending transfer between the same accounts, and no other does.",
        run=_resolutions,
    ),
    Check(
        name="ledger.closed",
        rule=1,
        sentence="An account is closed where a transfer closed it, or it was opened so.",
        run=_closed,
    ),
)
