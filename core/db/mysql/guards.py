"""Whether MariaDB or MySQL still refuses what must never change."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import OperationalError

from core.db.operations import AppendOnly
from core.db.truncation import KEEPER, keeper

# The application may not see triggers, nor the tables that keep others from being emptied: it asks as their owner.
_TELL_GUARDS = f"""
CREATE FUNCTION daybook_guards() RETURNS longtext READS SQL DATA SQL SECURITY DEFINER RETURN (
    SELECT JSON_ARRAYAGG(name) FROM (
        SELECT CONCAT('owner ', CURRENT_USER()) AS name
        UNION ALL SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
        UNION ALL SELECT table_name FROM information_schema.tables
        WHERE table_schema = DATABASE() AND LEFT(table_name, {len(KEEPER)}) = '{KEEPER}'
    ) guards
)
"""

# What the session's user was granted, most general first; the last column is NULL but for rights on columns.
_RIGHTS = """
SELECT '*', privilege_type, NULL FROM information_schema.user_privileges
WHERE privilege_type <> 'USAGE' AND REPLACE(grantee, '''', '') = CURRENT_USER()
UNION ALL SELECT '*', privilege_type, NULL FROM information_schema.schema_privileges
WHERE DATABASE() LIKE table_schema AND REPLACE(grantee, '''', '') = CURRENT_USER()
UNION ALL SELECT table_name, privilege_type, NULL FROM information_schema.table_privileges
WHERE table_schema = DATABASE() AND REPLACE(grantee, '''', '') = CURRENT_USER()
UNION ALL SELECT table_name, privilege_type, column_name FROM information_schema.column_privileges
WHERE table_schema = DATABASE() AND REPLACE(grantee, '''', '') = CURRENT_USER() AND privilege_type = 'UPDATE'
"""
#: The catalogue can't be read for a moment after tables were made, dropped or altered (error 1684).
_TRIES = 10
_PAUSE_SECONDS = 0.3
#: Rights on all tables that bend no book.
_HARMLESS = {"SELECT", "INSERT", "EXECUTE", "LOCK TABLES", "CREATE TEMPORARY TABLES", "SHOW VIEW", "USAGE"}


def tell_guards(cursor: Any, account: str) -> None:
    """Lets the application ask which guards there are."""
    cursor.execute("DROP FUNCTION IF EXISTS daybook_guards")
    cursor.execute(_TELL_GUARDS)
    cursor.execute(f"GRANT EXECUTE ON FUNCTION daybook_guards TO {account}")


def missing(
    cursor: Any, kept: Mapping[str, AppendOnly], updatable: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    """(table, what its guard lacks)."""
    there, user = _told(cursor)
    for table, operation in sorted(kept.items()):
        for name in (f"append_only_{table}_{what}" for what in operation.guarded if what != "truncate"):
            if name not in there:
                yield table, f"its trigger {name} is missing"
        if keeper(table) not in there:
            yield table, f"the table {keeper(table)}, for whose sake it can't be emptied, is missing"
    if user.partition("@")[0] == settings.APPLICATION_ROLE and f"owner {user}" not in there:
        yield from _rights(cursor, kept, updatable)


def _told(cursor: Any) -> tuple[set[str], str]:
    """The names of the guards that are there, and who asks."""
    for _ in range(_TRIES):
        with suppress(OperationalError):
            cursor.execute("SELECT daybook_guards(), CURRENT_USER()")
            break
        time.sleep(_PAUSE_SECONDS)
    else:
        cursor.execute("SELECT daybook_guards(), CURRENT_USER()")
    told, user = cursor.fetchone()
    return set(json.loads(told)), user


def _rights(
    cursor: Any, kept: Mapping[str, AppendOnly], updatable: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    cursor.execute(_RIGHTS)
    for table, right, column in sorted(cursor.fetchall(), key=repr):
        if _is_too_much(table, right, column, kept, updatable):
            named = "all tables" if table == "*" else table
            yield named, f"the application's role may {right}{f' {column}' if column else ''}"


def _is_too_much(
    table: str,
    right: str,
    column: str | None,
    kept: Mapping[str, AppendOnly],
    updatable: Mapping[str, tuple[str, ...]],
) -> bool:
    if table == "*":
        return right not in _HARMLESS
    if table not in kept or right == "SELECT":
        return False
    if right == "INSERT":
        return updatable.get(table) == ()
    if column is not None:
        return column not in updatable.get(table, kept[table].mutable)
    return right != "UPDATE" or table in updatable or not kept[table].mutable
