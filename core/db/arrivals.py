"""The order in which rows came to append-only tables: the column `arrival`, which the database alone fills.

Each row has its own number, drawn from one sequence for all tables, so that "what is new" is everywhere the same range.
On PostgreSQL the column has a BRIN index, which costs an insert next to nothing and finds a range by its pages; on
MariaDB an ordinary key, each tenant's rows by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models

from core.db import sequence, vendor
from core.db.writers import SEQUENCE

COLUMN = "arrival"
#: Rows fetched at once.
_BATCH = 2_000
#: How many arrivals a first range has for each row that is wanted; and how much wider each further one is.
_FIRST, _WIDER = 4, 8
_LARGEST = 2**63 - 1


def adding(table: str, *, postgresql: bool) -> list[str]:
    """The statements that give `table` the column; rows that are there have all arrived now."""
    if not postgresql:
        return [
            (
                f"ALTER TABLE {table} ADD COLUMN arrival BIGINT NOT NULL DEFAULT 0, "
                f"ADD KEY {table}_arrival (tenant_id, arrival)"
            ),
            f"INSERT INTO {SEQUENCE} () VALUES ()",
            f"UPDATE {table} SET arrival = LAST_INSERT_ID()",
            f"DELETE FROM {SEQUENCE}",
        ]
    return [
        # The only volatile default with which COPY still inserts many rows at once.
        f"ALTER TABLE {table} ADD COLUMN arrival bigint NOT NULL DEFAULT nextval('{SEQUENCE}')",
        f"CREATE INDEX {table}_arrival ON {table} USING brin (arrival) WITH (pages_per_range = 32, autosummarize = on)",
    ]


def draw() -> int:
    """An arrival above all that were given so far; drawn while writers are excluded, no row commits later below it."""
    return sequence.draw(SEQUENCE)


def last() -> int:
    """No row that can be seen has arrived after it."""
    if not vendor.is_postgresql():
        return _LARGEST
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sequence.last_drawn(SEQUENCE)}")
        return int(cursor.fetchone()[0])


def ranges(after: int, through: int, *, wanted: int, backward: bool) -> Iterator[tuple[int, int]]:
    """(after, through) of ever wider ranges from one end: the first with as many rows as are wanted has the answer.

    A BRIN index finds a range, and not which of its rows come first: whoever asks for those at once reads all that
    there are. Each range has those before it, so that one statement finds all of an answer: of a transaction that ends
    meanwhile it sees everything or nothing.
    """
    width = _FIRST * wanted if vendor.is_postgresql() else _LARGEST
    while after < through:
        yield (max(after, through - width), through) if backward else (after, min(through, after + width))
        if width >= through - after:
            return
        width *= _WIDER


def rows(table: str, columns: Sequence[str], *, tenant_id: UUID, after: int, through: int) -> Iterator[tuple[Any, ...]]:
    """(arrival, column, …) of the tenant's rows that arrived after `after` and not after `through`, in order.

    Streamed: the memory it takes does not depend on how many there are. Call it in a transaction.
    """
    tenant = models.UUIDField().get_db_prep_value(tenant_id, connection)
    query = selecting(table, columns)
    if vendor.is_postgresql():
        with connection.chunked_cursor() as cursor:  # held by the server, which sorts on disk what is large
            cursor.execute(query, [tenant, after, through])
            while several := cursor.fetchmany(_BATCH):
                yield from several
        return
    while after < through:
        with connection.cursor() as cursor:
            cursor.execute(_counting(table), [tenant, after, through])
            [last] = cursor.fetchone() or [through]
            cursor.execute(query, [tenant, after, last])
            yield from cursor.fetchall()
        after = last


def _counting(table: str) -> str:
    """The query of the last arrival of a batch, where there are more rows than one batch holds."""
    return (
        f"SELECT arrival FROM {table} WHERE tenant_id = %s AND arrival > %s AND arrival <= %s "
        f"ORDER BY arrival LIMIT 1 OFFSET {_BATCH - 1}"
    )


def selecting(table: str, columns: Sequence[str]) -> str:
    """The query of `rows`; its parameters are the tenant, the arrival after which, and the last one."""
    names = [connection.ops.quote_name(column) for column in (COLUMN, *columns)]
    return (
        f"SELECT {', '.join(names)} FROM {table} WHERE tenant_id = %s AND arrival > %s AND arrival <= %s "
        "ORDER BY arrival"
    )
