"""What the application's role may do on PostgreSQL, against what it may and must."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from django.conf import settings
from django.db import connection

from core.db import roles, writers
from core.db.arrivals import COLUMN
from core.db.operations import AppendOnly

# Where one role both owns and uses the tables, rights guard nothing: the triggers have to.
_RIGHTS = """
SELECT class.relname::text,
    ARRAY(
        SELECT asked FROM unnest(%(forbidden)s::text[]) AS asked WHERE has_table_privilege(%(role)s, class.oid, asked)
    ),
    ARRAY(
        SELECT attname::text FROM pg_attribute
        WHERE attrelid = class.oid AND attname = %(arrival)s
          AND has_column_privilege(%(role)s, class.oid, attnum, 'INSERT')
        ORDER BY attnum
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

# What it could become, own, make, run or set, and so pass by all of these; and what it must be able to run. An operator
# of its own for our domains would be taken before PostgreSQL's: also by functions that have their owner's rights.
_POWERS = """
SELECT DISTINCT 'may become ' || pg_get_userbyid(relowner) FROM pg_class class
WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(%(tables)s)
  AND pg_get_userbyid(relowner) <> %(role)s AND pg_has_role(%(role)s, relowner, 'MEMBER')
UNION ALL
SELECT told FROM (
    SELECT 'owns ' || proname AS told FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND pg_get_userbyid(proowner) = %(role)s
    UNION ALL
    SELECT 'owns ' || typname FROM pg_type
    WHERE typnamespace = current_schema()::regnamespace AND typtype = 'd' AND pg_get_userbyid(typowner) = %(role)s
    UNION ALL
    SELECT 'may create in the database' WHERE has_database_privilege(%(role)s, current_database(), 'CREATE')
    UNION ALL
    SELECT 'may create in the schema' WHERE has_schema_privilege(%(role)s, current_schema(), 'CREATE')
) AS power
WHERE EXISTS (SELECT FROM pg_class WHERE oid = 'ledger_account'::regclass AND pg_get_userbyid(relowner) <> %(role)s)
UNION ALL
SELECT 'may run ' || proname FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND proname = ANY(%(definers)s)
  AND pg_get_userbyid(proowner) <> %(role)s AND has_function_privilege(%(role)s, oid, 'EXECUTE')
UNION ALL
SELECT 'may not run ' || proname FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND proname = ANY(%(runnable)s)
  AND NOT has_function_privilege(%(role)s, oid, 'EXECUTE')
UNION ALL
SELECT 'may set ' || relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' AND relname = ANY(%(sequences)s)
  AND pg_get_userbyid(relowner) <> %(role)s AND has_sequence_privilege(%(role)s, oid, 'UPDATE')
ORDER BY 1
"""
#: Rights to whole tables that it has none of.
_FORBIDDEN = ("DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
_SEQUENCES = (writers.SEQUENCE,)


def missing(
    kept: Mapping[str, AppendOnly], *, definers: Collection[str], called: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(table, what the role may do to it and must not), and what else of its rights is not as it should be.

    `kept` are the append-only tables, `definers` the functions that have their owner's rights, `called` those that
    guards call with the writer's own.
    """
    if not settings.APPLICATION_ROLE:
        return
    with connection.cursor() as cursor:
        asked = {
            "tables": list(kept),
            "role": settings.APPLICATION_ROLE,
            "arrival": COLUMN,
            "forbidden": list(_FORBIDDEN),
            "definers": [name for name in definers if name not in roles.runnable()],
            "runnable": [*roles.runnable(), *called],
            "sequences": list(_SEQUENCES),
        }
        cursor.execute(_RIGHTS, asked)
        rows = sorted(cursor.fetchall())
        cursor.execute(_POWERS, asked)
        powers = cursor.fetchall()
    yield from (("the application's role", power) for (power,) in powers)
    for table, forbidden, numbered, updatable in rows:
        too_much = [column for column in updatable if not _may_update(kept[table], column)]
        told = [
            *forbidden,
            *([f"INSERT {', '.join(numbered)}"] if numbered else []),
            *([f"UPDATE {', '.join(too_much)}"] if too_much else []),
        ]
        if told:
            yield table, f"the application's role may {' and '.join(told)}"


def _may_update(operation: AppendOnly, column: str) -> bool:
    """Columns whose right was restricted are named; elsewhere the trigger alone tells a mutable column from others."""
    if (columns := roles.updatable(operation.table)) is not None:
        return column in columns
    return bool(operation.mutable)
