"""Tenants beside the one that the `books` fixture gives, and everything that is written about one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

from django.db import connection

from core.access import services as access
from core.access.scope import tenant_id, tenant_scope
from core.db.asking import counts
from core.db.transaction import atomic
from core.models import Tenant
from tests.support.world import TESTER

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def another_tenant(*, clock_at: datetime = JANUARY) -> Iterator[Tenant]:
    """While inside, a fresh sandbox tenant in scope."""
    key = f"t-{uuid4().hex[:12]}"
    tenant = access.open_tenant(key=key, name="Test books", kind="sandbox", actor=TESTER, clock_at=clock_at)
    with tenant_scope(tenant.id):
        yield tenant


def fingerprint() -> dict[str, str]:
    """By table: a digest of all rows of the tenant in scope. Equal before and after means that nothing was changed."""
    with atomic(), connection.cursor() as cursor:
        there = counts().items()
        digests = {table: _digest(cursor, table, "tenant_id") if number else "" for table, number in there}
        return {**digests, "core_tenant": _digest(cursor, "core_tenant", "id")}


def _digest(cursor: object, table: str, column: str) -> str:
    cursor.execute(f"SELECT t.* FROM {table} t WHERE {column} = %s ORDER BY 1, 2, 3", [tenant_id()])  # type: ignore[attr-defined]
    return sha256("\n".join(map(repr, cursor.fetchall())).encode()).hexdigest()  # type: ignore[attr-defined]
