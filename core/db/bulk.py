"""Many rows at once: inserted whole, or skipping those whose key is already there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, connection

from core.db import vendor

#: From this many rows on, COPY beats arrays and multi-row statements.
COPY_FROM_ROWS = 50


def insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Inserts all rows. Raises django.db.IntegrityError where a constraint refuses one: then none is in."""
    if not rows:
        return
    if vendor.is_postgresql() and len(rows) >= COPY_FROM_ROWS:
        _copy(table, columns, rows)
        return
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({_named(columns)}) VALUES ({marks})", rows)


def insert_new(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, key: str) -> int:
    """Inserts the rows whose `key` (one of the columns, unique) is not there yet; how many those were.

    Rows are inserted in the key's order, so that two equal batches at once can't deadlock.
    Everything but a known key is still refused: truncation, checks and NULLs raise.
    """
    if not rows:
        return 0
    if not connection.in_atomic_block:
        raise RuntimeError("new rows are told apart in a transaction")
    at = columns.index(key)
    ordered = sorted(rows, key=lambda row: row[at])
    return (
        _insert_new_postgresql(table, columns, ordered, key)
        if vendor.is_postgresql()
        else _insert_new_mariadb(table, columns, ordered, key, at)
    )


def _insert_new_postgresql(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], key: str) -> int:
    stage, names, key = f"stage_{table}", _named(columns), _named([key])
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ON COMMIT DELETE ROWS AS SELECT {names} FROM {table} LIMIT 0"
        )
    _copy(stage, columns, rows)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM {stage} ORDER BY {key} ON CONFLICT ({key}) DO NOTHING"
        )
        inserted = int(cursor.rowcount)
        cursor.execute(f"TRUNCATE {stage}")
    return inserted


def _insert_new_mariadb(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], key: str, at: int) -> int:
    # Anti-join, and once more where another transaction was quicker; never INSERT IGNORE, which truncates.
    marks = ", ".join(["%s"] * len(columns))
    adding = (
        f"INSERT INTO {table} ({_named(columns)}) SELECT {marks} FROM DUAL "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {_named([key])} = %s)"
    )
    inserted = 0
    with connection.cursor() as cursor:
        for row in rows:
            values = [*row, row[at]]
            try:
                cursor.execute(adding, values)
            except IntegrityError:
                cursor.execute(adding, values)
            inserted += cursor.rowcount
    return inserted


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table} ({_named(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _named(columns: Sequence[str]) -> str:
    # Quoted: `key` is a word of MariaDB's own.
    return ", ".join(connection.ops.quote_name(column) for column in columns)
