"""Rows that a statement brings along: joined like a table, in one round trip however many there are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from core.db import vendor

INTEGER = "bigint"
TEXT = "text"
INSTANT = "timestamptz"
WIDE = "numeric(39,0)"
_MARIADB_TYPES = {INTEGER: "BIGINT", TEXT: "VARCHAR(300)", INSTANT: "DATETIME(6)", WIDE: "DECIMAL(39,0)"}


def relation(name: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """(SQL for a FROM clause, its parameters): a relation `name` of (column, type) that holds the rows."""
    if vendor.is_postgresql():
        arrays = ", ".join(f"%s::{kind}[]" for _, kind in columns)
        names = ", ".join(column for column, _ in columns)
        return f"unnest({arrays}) AS {name}({names})", _columns(rows, len(columns))
    # What doesn't fit is an error: JSON_TABLE's own habit is to make it NULL.
    told = "PATH '$[{}]' ERROR ON ERROR"
    paths = ", ".join(f"{column} {_mariadb_type(kind)} {told.format(i)}" for i, (column, kind) in enumerate(columns))
    return f"JSON_TABLE(%s, '$[*]' COLUMNS ({paths})) AS {name}", [json.dumps([_plain(row) for row in rows])]


def update(table: str, key: tuple[str, str], columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> None:
    """Sets `columns` of the rows of `table` that are named by `key`; each row is (key, value, …)."""
    if not rows:
        return
    source, params = relation("revised", [key, *columns], rows)
    found = f"{table}.{key[0]} = revised.{key[0]}"
    if vendor.is_postgresql():
        setting = ", ".join(f"{column} = revised.{column}" for column, _ in columns)
        statement = f"UPDATE {table} SET {setting} FROM {source} WHERE {found}"
    else:
        setting = ", ".join(f"{table}.{column} = revised.{column}" for column, _ in columns)
        statement = f"UPDATE {table} JOIN {source} ON {found} SET {setting}"
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def aware(instant: datetime) -> datetime:
    """An instant as a plain cursor gives it: MariaDB's come without their UTC."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _mariadb_type(kind: str) -> str:
    # Text must compare as the tables' does, or their indexes are of no use.
    collation = f" CHARACTER SET utf8mb4 COLLATE {connection.collation}"  # type: ignore[attr-defined]
    return _MARIADB_TYPES[kind] + (collation if kind == TEXT else "")


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[i] for row in rows] for i in range(width)]


def _plain(row: Sequence[Any]) -> list[Any]:
    return [_text_of(value) for value in row]


def _text_of(value: Any) -> Any:
    # JSON numbers would pass through a double: wide integers travel as text.
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
