"""Many rows at once: inserted whole, or skipping those whose key is already there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction

from core.db import vendor
from core.db.transaction import atomic

#: From this many rows on, one COPY beats a statement for each: triggers are started once.
COPY_FROM_ROWS = 3
#: MariaDB's number for a key that is there already.
_DUPLICATE = 1062
_ASKED_AT_ONCE = 1000
_KEYS_AMONG = """
SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass AND indisunique AND NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY(indkey) AND attname <> ALL(%s)
)
"""


def insert(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Inserts the rows. Raises django.db.IntegrityError where a constraint refuses one: then none is in.

    Where `rows` are made one by one, PostgreSQL takes in the first while the next are being made: to make one, the
    database may not be asked anything.
    """
    coming = iter(rows)
    first = list(islice(coming, COPY_FROM_ROWS if vendor.is_postgresql() else None))
    if not first:
        return
    if vendor.is_postgresql() and len(first) == COPY_FROM_ROWS:
        _copy(table, columns, chain(first, coming), typed_as=table)
        return
    marks = f"({', '.join(['%s'] * len(columns))})"
    adding = f"INSERT INTO {table} ({_named(columns)}) VALUES {marks}"
    with connection.cursor() as cursor:
        if vendor.is_postgresql():
            # One statement, whose triggers see all rows: they lock in one order, and take all or none.
            cursor.execute(adding + f", {marks}" * (len(first) - 1), [value for row in first for value in row])
        else:
            cursor.executemany(adding, first)


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


def insert_once(row: models.Model, **key: Any) -> None:
    """Inserts the row unless one with this unique key is there, also where two do it at once.

    Everything else that a constraint refuses still raises django.db.IntegrityError.
    """
    try:
        with atomic(savepoint=True):
            row.save(force_insert=True)
    except IntegrityError:
        if not row._meta.base_manager.filter(**key).exists():
            raise


def _insert_new_postgresql(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], key: str) -> int:
    stage, names, key = f"stage_{table}", _named(columns), _named([key])
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ON COMMIT DELETE ROWS AS SELECT {names} FROM {table} LIMIT 0"
        )
    _copy(stage, columns, rows, typed_as=table)
    adding = f"INSERT INTO {table} ({names}) SELECT {names} FROM {stage} ORDER BY {key} ON CONFLICT"
    has_others = _has_other_keys(table, tuple(columns))
    with connection.cursor() as cursor:
        # Of two who add the same row at once, the second may meet the first at another key before it meets it at this
        # one, and would be refused: so all keys are asked, and then, by this one alone, what another key refuses.
        cursor.execute(f"{adding} DO NOTHING" if has_others else f"{adding} ({key}) DO NOTHING")
        inserted = int(cursor.rowcount)
        if has_others and inserted < len(rows):
            cursor.execute(f"{adding} ({key}) DO NOTHING")
        cursor.execute(f"TRUNCATE {stage}")
    return inserted


@cache
def _has_other_keys(table: str, columns: Sequence[str]) -> bool:
    """Whether more than one unique key is among the columns."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS_AMONG, [table, list(columns)])
        return int(cursor.fetchone()[0]) > 1


def _insert_new_mariadb(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], key: str, at: int) -> int:
    # Anti-join, and once more where another transaction was quicker; never INSERT IGNORE, which truncates.
    tried = len(rows) + 1
    while True:
        known = _known(table, key, [row[at] for row in rows])
        new = {row[at]: row for row in reversed(rows) if _plain(row[at]) not in known}  # the first of equal keys
        try:
            with transaction.atomic():
                insert(table, columns, list(new.values())[::-1])
        except IntegrityError as error:
            # Where nobody added one of these since, it is another key that refuses.
            if error.args[0] != _DUPLICATE or len(new) == tried:
                raise
            tried = len(new)
        else:
            return len(new)


def _known(table: str, key: str, wanted: Sequence[Any]) -> set[Any]:
    found: set[Any] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            keys = wanted[start : start + _ASKED_AT_ONCE]
            marks = ", ".join(["%s"] * len(keys))
            cursor.execute(f"SELECT {_named([key])} FROM {table} WHERE {_named([key])} IN ({marks})", keys)
            found.update(row[0] for row in cursor.fetchall())
    return found


def _plain(key: Any) -> Any:
    """As a plain cursor gives it."""
    return key.hex if isinstance(key, UUID) else key


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, typed_as: str) -> None:
    """Streams the rows into `table`, whose columns have the types of the table `typed_as`.

    In the binary format, which says so little of its columns that they must be told: it takes both sides half as long.
    """
    types = _types(typed_as, tuple(columns))
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table} ({_named(columns)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


@cache
def _types(table: str, columns: Sequence[str]) -> list[int]:
    """The columns' types by their numbers, which are the same in all databases: what is not built in is a domain."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, coalesce(nullif(typbasetype, 0), atttypid) "
            "FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid WHERE attrelid = %s::regclass",
            [table],
        )
        found = dict(cursor.fetchall())
    return [found[column] for column in columns]


def _named(columns: Sequence[str]) -> str:
    # Quoted: `key` is a word of MariaDB's own.
    return ", ".join(connection.ops.quote_name(column) for column in columns)
