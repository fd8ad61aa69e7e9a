"""What the application's role may do: it owns nothing, and can't change what may not change."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections

from core.db.arrivals import COLUMN

#: table → the columns that the application may update, where not all of them.
_updatable: dict[str, tuple[str, ...]] = {}
#: Functions that have the owner's rights, and that only the application may run. PostgreSQL only.
_runnable: list[str] = []

_INSERTABLE = """
SELECT class.relname, string_agg(quote_ident(other.attname), ', ' ORDER BY other.attnum)
FROM pg_class class
JOIN pg_attribute arrival ON arrival.attrelid = class.oid AND arrival.attname = 'arrival'
JOIN pg_attribute other ON other.attrelid = class.oid AND other.attnum > 0 AND NOT other.attisdropped
WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind = 'r'
  AND NOT arrival.attisdropped AND other.attname <> %s
GROUP BY class.relname
"""


def restrict_update(table: str, *columns: str) -> None:
    """The application may update only these columns of `table`. Called by apps when they load."""
    _updatable[table] = columns


def restrict_to_reading(table: str) -> None:
    """The application may only read `table`: the database's own triggers write it. Called by apps when they load."""
    _updatable[table] = ()


def allow_running(function: str) -> None:
    """The application may run this function, which nobody else may. Called by apps when they load."""
    _runnable.append(function)


def runnable() -> list[str]:
    """All that was allowed."""
    return list(_runnable)


def updatable(table: str) -> tuple[str, ...] | None:
    """The columns that the application may update; None where that was not restricted."""
    return _updatable.get(table)


def restricted() -> dict[str, tuple[str, ...]]:
    """All that was restricted."""
    return dict(_updatable)


def grant_application(*, using: str, **_: Any) -> None:
    """After a migration: gives the application's role the use of the owner's tables."""
    connection = connections[using]
    role = settings.APPLICATION_ROLE
    if role in ("", connection.settings_dict["USER"]):
        return
    if connection.vendor == "postgresql":
        _grant_on_postgresql(connection, role)
    else:
        from core.db.mysql import grants

        grants.grant(connection, role, _updatable)


def _grant_on_postgresql(connection: Any, role: str) -> None:
    quoted = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute(
            f"GRANT USAGE ON SCHEMA public TO {quoted};"
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted};"
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted};"
        )
        cursor.execute(
            "SELECT DISTINCT c.relname, bool_or(t.tgtype & 16 > 0 AND t.tgtype & 1 = 0) FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE 'append_only_%' GROUP BY c.relname"
        )
        for table, never_updated in cursor.fetchall():
            rights = "UPDATE, DELETE" if never_updated else "DELETE"
            cursor.execute(f"REVOKE {rights} ON {connection.ops.quote_name(table)} FROM {quoted}")
        cursor.execute(_INSERTABLE, [COLUMN])
        for table, names in cursor.fetchall():
            # The order of rows is not for the writer to say: COPY would believe it.
            cursor.execute(f"REVOKE INSERT ON {connection.ops.quote_name(table)} FROM {quoted}")
            cursor.execute(f"GRANT INSERT ({names}) ON {connection.ops.quote_name(table)} TO {quoted}")
        for function in _runnable:
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {quoted}")
        for table, columns in _updatable.items():
            cursor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {quoted}")
            if columns:
                cursor.execute(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {quoted}")
            else:
                cursor.execute(f"REVOKE INSERT ON {table} FROM {quoted}")
