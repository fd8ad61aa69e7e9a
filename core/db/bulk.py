"""Many rows at once: inserted whole, or skipping those whose key is already there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
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


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table} ({_named(columns)}) FROM STDIN") as copy,
    ):
        for block in _blocks(rows, other=_other()):
            copy.write(block)


def _blocks(rows: Iterable[Sequence[Any]], *, other: Callable[[Any], str]) -> Iterator[str]:
    """COPY's text format; `other` renders what has no quicker way."""
    lines = []
    for row in rows:
        lines.append("\t".join([(_TEXT.get(type(value)) or other)(value) for value in row]))
        if len(lines) == _ROWS_IN_A_BLOCK:
            yield "\n".join(lines) + "\n"
            lines.clear()
    if lines:
        yield "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        text = text.translate(_ESCAPES)
    return text


def _other() -> Callable[[Any], str]:
    """Renders any value as psycopg does on this connection."""
    # Imported here, because MariaDB's installations need no psycopg.
    from psycopg.adapt import PyFormat, Transformer

    transformer = Transformer(connection.connection)

    def text(value: Any) -> str:
        dumped = transformer.get_dumper(value, PyFormat.TEXT).dump(value)
        return "\\N" if dumped is None else _escaped(bytes(dumped).decode())

    return text


_ROWS_IN_A_BLOCK = 500
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TEXT: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "\\N",
    bool: lambda truth: "t" if truth else "f",
    int: int.__repr__,
    str: _escaped,
    UUID: lambda value: f"{value.int:032x}",
    datetime: datetime.isoformat,
}


def _named(columns: Sequence[str]) -> str:
    # Quoted: `key` is a word of MariaDB's own.
    return ", ".join(connection.ops.quote_name(column) for column in columns)
