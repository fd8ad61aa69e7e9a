"""Whether the database still refuses what must never change, read from its own catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from core.db import roles, vendor
from core.db.operations import AppendOnly

_TRIGGERS = """
SELECT class.relname::text, trigger.tgname::text, trigger.tgenabled IN ('O', 'A')
FROM pg_trigger trigger JOIN pg_class class ON class.oid = trigger.tgrelid
WHERE class.relnamespace = current_schema()::regnamespace AND class.relname = ANY(%(tables)s)
"""

# Where one role both owns and uses the tables, rights guard nothing: the triggers have to.
_RIGHTS = """
SELECT class.relname::text, has_table_privilege(%(role)s, class.oid, 'DELETE'),
    has_table_privilege(%(role)s, class.oid, 'TRUNCATE'),
    EXISTS (
        SELECT 1 FROM pg_attribute
        WHERE attrelid = class.oid AND attname = 'arrival'
          AND has_column_privilege(%(role)s, class.oid, attnum, 'INSERT')
    ),
    ARRAY(
        SELECT attname::text FROM pg_attribute
        WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped
          AND has_column_privilege(%(role)s, class.oid, attnum, 'UPDATE')
        ORDER BY attnum
    )
FROM pg_class class
WHERE class.relnamespace = current_schema()::regnamespace AND class.relname = ANY(%(tables)s)
  AND pg_get_userbyid(class.relowner) <> %(role)s
"""


@cache
def append_only() -> dict[str, AppendOnly]:
    """What the migrations made append-only, by table."""
    migrations = MigrationLoader(None).disk_migrations.values()
    operations = [operation for migration in migrations for operation in migration.operations]
    return {operation.table: operation for operation in operations if isinstance(operation, AppendOnly)}


def missing() -> Iterator[tuple[str, str]]:
    """(table, what its guard lacks)."""
    if not vendor.is_postgresql():
        from core.db.mysql import guards

        with connection.cursor() as cursor:
            yield from guards.missing(cursor, append_only(), roles.restricted())
        return
    triggers = _triggers()
    yield from _absent(triggers)
    for (table, name), enabled in sorted(triggers.items()):
        if not enabled:
            yield table, f"its trigger {name} is switched off"
    yield from _rights()


def _absent(triggers: dict[tuple[str, str], bool], *, but: str = "") -> Iterator[tuple[str, str]]:
    for table, operation in sorted(append_only().items()):
        for name in (f"append_only_{table}_{what}" for what in operation.guarded if what != but):
            if (table, name) not in triggers:
                yield table, f"its trigger {name} is missing"


def _triggers() -> dict[tuple[str, str], bool]:
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS, {"tables": list(append_only())})
        return {(table, name): enabled for table, name, enabled in cursor.fetchall()}


def _rights() -> Iterator[tuple[str, str]]:
    """(table, what the application's role may do to it and must not)."""
    if not settings.APPLICATION_ROLE:
        return
    with connection.cursor() as cursor:
        cursor.execute(_RIGHTS, {"tables": list(append_only()), "role": settings.APPLICATION_ROLE})
        rows = sorted(cursor.fetchall())
    for table, may_delete, may_truncate, may_antedate, updatable in rows:
        too_much = [name for name in updatable if not _may_update(table, name)]
        rights = [
            *(["DELETE"] if may_delete else []),
            *(["TRUNCATE"] if may_truncate else []),
            *(["INSERT arrival"] if may_antedate else []),
            *([f"UPDATE {', '.join(too_much)}"] if too_much else []),
        ]
        if rights:
            yield table, f"the application's role may {' and '.join(rights)}"


def _may_update(table: str, column: str) -> bool:
    """Columns whose right was restricted are named; elsewhere the trigger alone tells a mutable column from others."""
    if (columns := roles.updatable(table)) is not None:
        return column in columns
    return bool(append_only()[table].mutable)
