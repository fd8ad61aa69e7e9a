"""Questions in plain SQL, asked about the tenant in scope."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import UUIDField

from core.access.scope import tenant_id

#: Of one kind of fault this many are named; the rest shows once they are mended.
NAMED = 100


def faults(query: str) -> list[tuple[Any, ...]]:
    """The first rows that the query finds; `%(tenant)s` in it is the tenant in scope, and it says in which order."""
    tenant = UUIDField().get_db_prep_value(tenant_id(), connection)
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT {NAMED}", {"tenant": tenant})
        return list(cursor.fetchall())
