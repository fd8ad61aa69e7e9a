"""One plain transfer in one statement: what most postings outside of runs are. PostgreSQL only.

It says only whether the transfer was plain and is in the books now; whatever is not plain is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg import Cursor

from core.db import vendor, writers
from core.db.ledger.guards import POSTING

_PARAMETERS = {
    "id": "uuid",
    "tenant_id": "uuid",
    "debit_account_id": "uuid",
    "credit_account_id": "uuid",
    "amount": "numeric",
    "ledger": "bigint",
    "code": "integer",
    "user_data_128": "uuid",
    "user_data_64": "numeric",
    "user_data_32": "bigint",
    "journal_id": "uuid",
    "effective_at": "timestamp with time zone",
    "belongs_at": "timestamp with time zone",
    "timestamp": "timestamp with time zone",
}
_COLUMNS = ", ".join(f'"{name}"' for name in _PARAMETERS)
_VALUES = ", ".join(f"of_{name}" for name in _PARAMETERS)

# Balances first: both accounts are locked then, in the order of their ids, when the transfer gets its number, and
# whether its id is spent is asked by a statement that sees what was done under those locks. Closed periods are asked
# for after the gate, where whoever closes one has waited. What is refused (by a guard, for one) undoes itself.
FUNCTION = f"""
CREATE FUNCTION ledger_post_plain({", ".join(f"of_{name} {kind}" for name, kind in _PARAMETERS.items())})
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
{POSTING} SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    moved bigint;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RETURN false;
    END IF;
    {writers.ENTER}
    UPDATE ledger_account AS account
    SET debits_posted = account.debits_posted + CASE account.id WHEN of_debit_account_id THEN of_amount ELSE 0 END,
        credits_posted = account.credits_posted + CASE account.id WHEN of_debit_account_id THEN 0 ELSE of_amount END
    WHERE account.id = ANY (ARRAY[of_debit_account_id, of_credit_account_id]) AND NOT account.closed
      AND (account.tenant_id = of_tenant_id AND account.ledger = of_ledger) IS TRUE;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved = 2 THEN
        INSERT INTO ledger_transfer ({_COLUMNS}, flags, timeout)
        SELECT {_VALUES}, 0, 0
        WHERE NOT EXISTS (
            SELECT FROM ledger_failedtransfer AS failed
            WHERE failed.transfer_id = of_id AND failed.tenant_id = of_tenant_id
        ) AND NOT EXISTS (
            SELECT FROM ledger_accountingperiod AS period
            WHERE period.tenant_id = of_tenant_id AND period.state = 'closed' AND period.end_at > of_effective_at
        );
        IF FOUND THEN
            RETURN true;
        END IF;
    END IF;
    RAISE EXCEPTION 'ledger: not in order' USING ERRCODE = 'integrity_constraint_violation';
EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN
    RETURN false;
END $$;
"""
#: Only the application's role may run it: it writes with the owner's rights.
NAME = "ledger_post_plain"

_CALL = f"SELECT ledger_post_plain({', '.join(f'%s::{kind}' for kind in _PARAMETERS.values())})".encode()


def is_available() -> bool:
    return vendor.is_postgresql()


def posted(columns: Mapping[str, Any]) -> bool:
    """Whether a transfer of these columns, plain by itself, is in the books now; else nothing is, nor is locked.

    False where an account is missing, closed or of another ledger, its period is closed, its id posted or spent, the
    transaction not READ COMMITTED, or the database refused the row or a balance.
    """
    values = [columns[name] for name in _PARAMETERS]
    connection.ensure_connection()
    # Django's own cursors write the values into the statement, which the server then has to plan each time.
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        found = cursor.execute(_CALL, values, prepare=True).fetchone()
    return bool(found and found[0])
