"""Questions in plain SQL, asked about the tenant in scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Model, UUIDField

from core.access.scope import tenant_id
from core.db import vendor

#: Of one kind of fault this many are named; the rest shows once they are mended.
NAMED = 100
#: What MariaDB's drivers call a column of a fixed length; ours all hold identities.
_CHAR = 254

#: While many questions are asked about one moment: how many rows of the tenant each table holds.
_counts: ContextVar[Mapping[str, int] | None] = ContextVar("counts", default=None)


def faults(query: str) -> list[tuple[Any, ...]]:
    """The first rows that the query finds; `%(tenant)s` in it is the tenant in scope, and it says in which order."""
    tenant = UUIDField().get_db_prep_value(tenant_id(), connection)
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT {NAMED}", {"tenant": tenant})
        return fetched(cursor)


def counts() -> dict[str, int]:
    """How many rows the tenant in scope has, by table, of all tables that keep rows of tenants."""
    tenant = UUIDField().get_db_prep_value(tenant_id(), connection)
    with connection.cursor() as cursor:
        cursor.execute(_counting(), {"tenant": tenant})
        return {_tables()[i]: int(number) for i, number in cursor.fetchall()}


@contextmanager
def counted(told: Mapping[str, int]) -> Iterator[None]:
    """While inside, `count` believes these numbers: all that is asked is about the moment when they were counted."""
    token = _counts.set(told)
    try:
        yield
    finally:
        _counts.reset(token)


def count(*models: type[Model]) -> int:
    """How many rows the tenant in scope has in the tables of the models."""
    return sum(_count(model._meta.db_table) for model in models)


def holds(*models: type[Model] | str) -> bool:
    """Whether any of the tables has a row of the tenant in scope: where none has, nothing can be wrong with one."""
    return any(_count(model if isinstance(model, str) else model._meta.db_table) for model in models)


def _count(table: str) -> int:
    told = _counts.get() or {}
    if table not in told:
        return int(faults(f"SELECT COUNT(*) FROM {table} WHERE tenant_id = %(tenant)s")[0][0])
    return told[table]


@cache
def _tables() -> tuple[str, ...]:
    models = [model for model in apps.get_models() if any(field.column == "tenant_id" for field in model._meta.fields)]
    return tuple(sorted({model._meta.db_table for model in models}))


@cache
def _counting() -> str:
    return " UNION ALL ".join(
        f"SELECT {i}, COUNT(*) FROM {table} WHERE tenant_id = %(tenant)s" for i, table in enumerate(_tables())
    )


def fetched(cursor: Any) -> list[tuple[Any, ...]]:
    """All rows; identities are UUIDs also where the database has no type for them."""
    rows = list(cursor.fetchall())
    if vendor.is_postgresql():
        return rows
    identities = {i for i, column in enumerate(cursor.description) if column[1] == _CHAR}
    return [tuple(_identity(value) if i in identities else value for i, value in enumerate(row)) for row in rows]


def _identity(value: Any) -> Any:
    return UUID(value) if isinstance(value, str) and len(value) == 32 else value
