"""Raw SQL as the application's role, past all that the ledger's services would say."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection

from core.access.scope import tenant_id
from core.db.transaction import atomic
from core.models import new_id
from ledger.transfers import Transfer
from tests.ledger.builders import MARCH_1
from tests.support.dialect import said
from tests.support.roles import CHECK, DENIED, INTEGRITY, NO_NUMBER, RESTRICTED, on_postgresql, state

__all__ = ["CHECK", "DENIED", "INTEGRITY", "NAN", "RESTRICTED", "inserting", "refused", "run"]

#: What a NaN offends: MariaDB's DECIMAL knows none.
NAN = CHECK if on_postgresql() else NO_NUMBER


def run(sql: str, values: list[Any] | None = None) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute(said(sql), values)


def refused(sql: str, values: list[Any] | None = None) -> tuple[str | None, str]:
    """The SQLSTATE and message with which the database refuses it."""
    with pytest.raises(DatabaseError) as error:
        run(sql, values)
    return state(error.value), str(error.value)


def inserting(transfer: Transfer, **changes: Any) -> tuple[str, list[Any]]:
    """The INSERT of a transfer as it is, right but for the changes, with nobody judging it."""
    row = {name: getattr(transfer, name) for name in Transfer.__struct_fields__}
    row |= {"id": new_id(), "tenant_id": tenant_id(), "timestamp": MARCH_1} | changes
    return f"INSERT INTO ledger_transfer ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", [*row.values()]
