"""Questions in plain SQL, asked about the tenant in scope."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField

from core.access.scope import tenant_id
from core.db import vendor

#: Of one kind of fault this many are named; the rest shows once they are mended.
NAMED = 100
#: What MariaDB's drivers call a column of a fixed length; ours all hold identities.
_CHAR = 254


def faults(query: str) -> list[tuple[Any, ...]]:
    """The first rows that the query finds; `%(tenant)s` in it is the tenant in scope, and it says in which order."""
    tenant = UUIDField().get_db_prep_value(tenant_id(), connection)
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT {NAMED}", {"tenant": tenant})
        return fetched(cursor)


def fetched(cursor: Any) -> list[tuple[Any, ...]]:
    """All rows; identities are UUIDs also where the database has no type for them."""
    rows = list(cursor.fetchall())
    if vendor.is_postgresql():
        return rows
    identities = {i for i, column in enumerate(cursor.description) if column[1] == _CHAR}
    return [tuple(_identity(value) if i in identities else value for i, value in enumerate(row)) for row in rows]


def _identity(value: Any) -> Any:
    return UUID(value) if isinstance(value, str) and len(value) == 32 else value
