"""One plain transfer in one statement: what most postings outside of runs are. PostgreSQL only.

It says only whether the transfer was plain and is in the books now; whatever is not plain is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg import Cursor

from core.db import vendor
from core.db.ledger_guards import GUARDED

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
    "effective_at": "timestamptz",
    "belongs_at": "timestamptz",
    "timestamp": "timestamptz",
}
_COLUMNS = ", ".join(f'"{name}"' for name in _PARAMETERS)
_VALUES = ", ".join(f"of_{name}" for name in _PARAMETERS)

# Accounts that may not be overdrawn are locked before there is a row to insert, so that what counts first on them is
# also numbered first; the trigger locks the others. What is refused (by an account's guard, for one) undoes itself, and
# is told by false.
FUNCTION = f"""
CREATE FUNCTION ledger_post_plain({", ".join(f"of_{name} {kind}" for name, kind in _PARAMETERS.items())})
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_transfer ({_COLUMNS}, flags, timeout)
    SELECT {_VALUES}, 0, 0
    FROM (
        SELECT count(*) FROM (
            SELECT FROM ledger_account
            WHERE id = ANY (ARRAY[of_debit_account_id, of_credit_account_id]) AND {GUARDED} ORDER BY id FOR UPDATE
        ) AS guarded
    ) AS locked;
    RETURN true;
EXCEPTION WHEN integrity_constraint_violation THEN
    RETURN false;
END $$;
"""

_CALL = f"SELECT ledger_post_plain({', '.join(f'%s::{kind}' for kind in _PARAMETERS.values())})".encode()


def is_available() -> bool:
    return vendor.is_postgresql()


def posted(columns: Mapping[str, Any]) -> bool:
    """Whether a transfer of these columns, plain by itself, is in the books now; else nothing is, nor is locked.

    False where an account is missing, closed or of another ledger, or the database refused the row.
    """
    values = [columns[name] for name in _PARAMETERS]
    connection.ensure_connection()
    # Django's own cursors write the values into the statement, which the server then has to plan each time.
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        found = cursor.execute(_CALL, values, prepare=True).fetchone()
    return bool(found and found[0])
