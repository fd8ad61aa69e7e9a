"""Raw SQL as the application's role, past all that the ledger's services would say."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection

from core.access.scope import tenant_id
from core.db.transaction import atomic
from core.models import new_id
from ledger.transfers import Transfer
from tests.ledger.builders import MARCH_1

#: SQLSTATEs: no right to, append-only, a check, and what the ledger's triggers raise.
DENIED, RESTRICTED, CHECK, INTEGRITY = "42501", "23001", "23514", "23000"


def run(sql: str, values: list[Any] | None = None) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def refused(sql: str, values: list[Any] | None = None) -> tuple[str | None, str]:
    """The SQLSTATE and message with which the database refuses it."""
    with pytest.raises(DatabaseError) as error:
        run(sql, values)
    cause = error.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return cause.sqlstate, str(cause)


def inserting(transfer: Transfer, **changes: Any) -> tuple[str, list[Any]]:
    """The INSERT of a transfer as it is, right but for the changes, with nobody judging it."""
    row = {name: getattr(transfer, name) for name in Transfer.__struct_fields__}
    row |= {"id": new_id(), "tenant_id": tenant_id(), "timestamp": MARCH_1} | changes
    return f"INSERT INTO ledger_transfer ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", [*row.values()]
