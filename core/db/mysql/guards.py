"""Whether MariaDB or MySQL still refuses what must never change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings

from core.db import meant, vendor
from core.db.domains import Restrict
from core.db.ledger import mariadb
from core.db.meant import Condition
from core.db.mysql.telling import Told, told
from core.db.operations import AppendOnly
from core.db.truncation import keeper

_TRIGGER = re.compile(
    r"\s*CREATE TRIGGER (?P<name>\w+)\s+(?P<when>\w+ \w+) ON (?P<table>\w+)\s+FOR EACH ROW\s+(?P<body>.*)",
    re.DOTALL,
)
# How a condition of ours comes back from the catalogue.
_UNEQUAL = re.compile(r"NOT \(([^=<>]+) = ")
_CONVERT = re.compile(r"CONVERT\(([^,()]+), SIGNED\)")

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
#: Rights on all tables that bend no book.
_HARMLESS = {"SELECT", "INSERT", "EXECUTE", "LOCK TABLES", "CREATE TEMPORARY TABLES", "SHOW VIEW", "USAGE"}


def missing(
    cursor: Any, kept: Mapping[str, AppendOnly], updatable: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    """(table, what its guard lacks)."""
    there, user = told(cursor)
    statements = list(_statements(kept, there))
    yield from _triggers(statements, there, kept)
    for table in sorted(kept):
        if (table, keeper(table)) not in there["keeper"]:
            yield table, f"the table {keeper(table)}, for whose sake it can't be emptied, is missing"
    yield from _unchecked(there)
    yield from ((table, f"its column {column} may be empty") for table, column in _emptied(kept, there))
    yield from meant.misfilled(there["default"], meant.defaults(statements))
    yield from meant.astray({(table, column, other or "") for (table, column), other in there["reference"].items()})
    yield from meant.doubled({(table, frozenset(_names(key))) for (table, _), key in there["key"].items()})
    if user.partition("@")[0] == settings.APPLICATION_ROLE and user not in there["owner"].values():
        yield from _rights(cursor, kept, updatable)


def _statements(kept: Mapping[str, AppendOnly], there: Told) -> Iterator[str]:
    """What made the guards of tables of these columns."""
    for table, operation in kept.items():
        yield from operation.on_mariadb(_names(there["columns"].get((table, ""))))
    yield from mariadb.STATEMENTS


def _triggers(statements: Sequence[str], there: Told, kept: Mapping[str, AppendOnly]) -> Iterator[tuple[str, str]]:
    """(table, which of its triggers is gone, another, or nobody's)."""
    made = {(one["table"], one["name"]): one for one in map(_TRIGGER.fullmatch, statements) if one}
    for (table, name), one in sorted(made.items()):
        if (table, name) not in there["trigger"]:
            yield table, f"its trigger {name} is missing"
        elif not _does(one, there):
            yield table, f"its trigger {name} does not do what it did"
    strange = sorted((table, name) for table, name in there["trigger"].keys() - made.keys() if table in kept)
    yield from ((table, f"its trigger {name} is not Daybook's") for table, name in strange)


def _does(made: re.Match[str], there: Told) -> bool:
    """Whether the trigger does what its statement said."""
    body = f"{made['when']} {made['body']}"
    return str(there["trigger"][made["table"], made["name"]]).split() == body.split()


def _unchecked(there: Told) -> Iterator[tuple[str, str]]:
    checks = {key: clause or "" for key, clause in there["check"].items()}
    yield from meant.unchecked(checks, map(_said, [*meant.conditions(), *_of_domains()]))
    yield from meant.unlimited(checks, map(_said, [*meant.of_columns(), *_of_json()]))


def _of_domains() -> Iterator[Condition]:
    """What elsewhere domains say."""
    for operation in meant.operations():
        if isinstance(operation, Restrict):
            yield from operation.conditions()


def _of_json() -> Iterator[Condition]:
    """What MariaDB adds to columns of JSON by itself, for which it has no type; MySQL has one."""
    for table, field in meant.fields() if vendor.is_mariadb() else ():
        if field.get_internal_type() == "JSONField":
            yield Condition(table, field.column, f"json_valid({field.column})")


def _said(one: Condition) -> Condition:
    text = _CONVERT.sub(r"CAST(\1 AS SIGNED)", _UNEQUAL.sub(r"(\1 <> ", one.text))
    return one._replace(text=text.replace(" IN (", " in (").replace(" BETWEEN ", " between "))


def _emptied(kept: Mapping[str, AppendOnly], there: Told) -> list[tuple[str, str]]:
    return sorted(one for one in meant.filled() & there["empty"].keys() if one[0] in kept)


def _names(listed: str | None) -> list[str]:
    return (listed or "").split(",")


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
