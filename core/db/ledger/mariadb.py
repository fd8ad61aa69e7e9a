"""The ledger's triggers on MariaDB: one per row, because there is nothing else. The rules are PostgreSQL's.

The bits of a transfer's flags: 2 pending, 4 posts and 8 voids a pending one, 64 and 128 close the debit or credit
account. Errno 1452 is a failed foreign key: drivers make an IntegrityError of it.
"""

from __future__ import annotations

from core.db.ledger.guards import OPENED_WRONG

_REFUSE = "SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1452, MESSAGE_TEXT = 'ledger: {what}';"

# An account is closed but once; where it is closed, nothing moves but by a void or an expiry.
_SIDE = """
UPDATE ledger_account
SET {side}s_pending = {side}s_pending + held, {side}s_posted = {side}s_posted + posted,
    closed = closed + (closes & {bit} <> 0) - (opens & {bit} <> 0)
WHERE id = {side}_id AND tenant_id = NEW.tenant_id AND ledger = of_ledger
  AND closed + (closes & {bit} <> 0) - (opens & {bit} <> 0) BETWEEN 0 AND 1
  AND (closed = 0 OR moves = 0);
IF ROW_COUNT() <> 1 THEN
    {refuse}
END IF;
"""


def _sides() -> str:
    """Moves both accounts by the variables held, posted, closes, opens and moves."""
    told = "no open {side} account of this tenant and ledger has that id"
    return "\n".join(
        _SIDE.format(side=side, bit=bit, refuse=_REFUSE.format(what=told.format(side=side)))
        for side, bit in (("debit", 64), ("credit", 128))
    )


_VARIABLES = """
DECLARE debit_id, credit_id CHAR(36);
DECLARE of_ledger BIGINT;
DECLARE held, posted DECIMAL(40, 0) DEFAULT 0;
DECLARE closes, opens, moves INT DEFAULT 0;
"""

_RESOLVE = f"""
UPDATE ledger_pending
SET state = IF(NEW.flags & 4, 'posted', 'voided'), resolved_by = NEW.id, resolved_at = NEW.timestamp
WHERE id = NEW.pending_id AND tenant_id = NEW.tenant_id AND state = 'pending'
  AND (expires_at IS NULL OR expires_at > NEW.timestamp)
  AND EXISTS (
    SELECT 1 FROM ledger_transfer AS pending
    WHERE pending.id = NEW.pending_id AND pending.debit_account_id = NEW.debit_account_id
      AND pending.credit_account_id = NEW.credit_account_id AND pending.ledger = NEW.ledger
      AND pending.code = NEW.code
      AND IF(NEW.flags & 4, NEW.amount <= pending.amount, NEW.amount = pending.amount)
  );
IF ROW_COUNT() <> 1 THEN
    {_REFUSE.format(what="a transfer posts or voids what is not pending, or not as it is pending")}
END IF;
SELECT -amount, IF(NEW.flags & 8, flags & 192, 0) INTO held, opens FROM ledger_transfer WHERE id = NEW.pending_id;
"""

_KEEP = f"""
CREATE TRIGGER ledger_keep_balances AFTER INSERT ON ledger_transfer FOR EACH ROW BEGIN
{_VARIABLES}
IF EXISTS (
    SELECT 1 FROM ledger_accountingperiod
    WHERE tenant_id = NEW.tenant_id AND state = 'closed' AND end_at > NEW.effective_at
) THEN
    SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1452,
        MESSAGE_TEXT = 'ledger_period_closed: a transfer counts from an instant in a closed accounting period';
END IF;
IF EXISTS (SELECT 1 FROM ledger_failedtransfer WHERE transfer_id = NEW.id AND tenant_id = NEW.tenant_id) THEN
    {_REFUSE.format(what="a transfer of that id has already failed")}
END IF;
SET debit_id = NEW.debit_account_id, credit_id = NEW.credit_account_id, of_ledger = NEW.ledger;
SET posted = IF(NEW.flags & 10, 0, NEW.amount), closes = NEW.flags & 192, moves = (NEW.flags & 8) = 0;
IF NEW.flags & 2 THEN
    SET held = NEW.amount;
    INSERT INTO ledger_pending (id, tenant_id, expires_at, state)
    VALUES (NEW.id, NEW.tenant_id, IF(NEW.timeout > 0, NEW.timestamp + INTERVAL NEW.timeout SECOND, NULL), 'pending');
ELSEIF NEW.flags & 12 THEN
{_RESOLVE}
END IF;
{_sides()}
END
"""

_KEEP_EXPIRED = f"""
CREATE TRIGGER ledger_keep_expired AFTER INSERT ON ledger_expiry FOR EACH ROW BEGIN
{_VARIABLES}
UPDATE ledger_pending SET state = 'expired', resolved_at = NEW.at
WHERE id = NEW.id AND tenant_id = NEW.tenant_id AND state = 'pending' AND expires_at <= NEW.at;
IF ROW_COUNT() <> 1 THEN
    {_REFUSE.format(what="only what is pending expires, and not before its time")}
END IF;
SELECT debit_account_id, credit_account_id, ledger, -amount, flags & 192
INTO debit_id, credit_id, of_ledger, held, opens FROM ledger_transfer WHERE id = NEW.id;
{_sides()}
END
"""

_OPENING = f"""
CREATE TRIGGER ledger_opening_balance BEFORE INSERT ON ledger_account FOR EACH ROW BEGIN
IF {OPENED_WRONG} THEN
    {_REFUSE.format(what="an account must open with balances of zero, and closed only by its flag")}
END IF;
END
"""

_SETTLED = f"""
CREATE TRIGGER append_only_ledger_pending_settled BEFORE UPDATE ON ledger_pending FOR EACH ROW BEGIN
IF OLD.state <> 'pending' THEN
    {_REFUSE.format(what="what is settled stays so")}
END IF;
END
"""

STATEMENTS = (
    _KEEP,
    _KEEP_EXPIRED,
    _OPENING,
    _SETTLED,
)
