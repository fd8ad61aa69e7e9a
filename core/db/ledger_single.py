"""One plain transfer in one statement: what most postings outside of runs are. PostgreSQL only.

It says only whether the transfer was plain and is in the books now; whatever is not plain is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from core.db import vendor

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

# Flag 8 of an account is its history, which changes nothing here. What is refused undoes itself, and is told by false.
FUNCTION = f"""
CREATE FUNCTION ledger_post_plain({", ".join(f"of_{name} {kind}" for name, kind in _PARAMETERS.items())})
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    locked integer;
BEGIN
    SELECT count(*) INTO locked FROM (
        SELECT FROM ledger_account
        WHERE id IN (of_debit_account_id, of_credit_account_id) AND tenant_id = of_tenant_id AND ledger = of_ledger
          AND flags & ~8 = 0 AND NOT closed
        ORDER BY id FOR UPDATE
    ) AS sides;
    IF locked <> 2 THEN
        RETURN false;
    END IF;
    INSERT INTO ledger_transfer ({_COLUMNS}, flags, timeout) VALUES ({_VALUES}, 0, 0);
    RETURN true;
EXCEPTION WHEN integrity_constraint_violation THEN
    RETURN false;
END $$;
"""

_CALL = f"SELECT ledger_post_plain({', '.join(['%s'] * len(_PARAMETERS))})"


def is_available() -> bool:
    return vendor.is_postgresql()


def posted(columns: Mapping[str, Any]) -> bool:
    """Whether a transfer of these columns, plain by itself, is in the books now; else nothing is, nor is locked.

    False where an account is missing, guarded, closed or of another ledger, or the database refused the row.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CALL, [columns[name] for name in _PARAMETERS])
        return bool(cursor.fetchone()[0])
