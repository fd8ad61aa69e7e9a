"""The limit of bulk posting: COPY of the same rows, and nothing else (performance §3.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from time import perf_counter
from uuid import UUID

from bench.books.tenants import BEGINNING
from bench.kit.server import Server
from ledger.transfers import Transfer

_TABLE = "bench_transfer"
_INDEXES = (
    f"ALTER TABLE {_TABLE} ADD PRIMARY KEY (id)",
    f"CREATE INDEX ON {_TABLE} (debit_account_id, effective_at, arrival)",
    f"CREATE INDEX ON {_TABLE} (credit_account_id, effective_at, arrival)",
    f"CREATE INDEX ON {_TABLE} (user_data_128)",
)
#: The ledger's columns, with built-in types: a domain's rule is a guard of the product's.
_COLUMNS = """
SELECT attname, format_type(coalesce(nullif(typbasetype, 0), atttypid), CASE typbasetype WHEN 0 THEN atttypmod
    ELSE typtypmod END), attnotnull
FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = 'ledger_transfer'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_FIELDS = Transfer.__struct_fields__
#: Above all that the ledger gave: what the limit's own rows are numbered by, for b-trees store equal keys in less room.
_FIRST = 2**40


class CopyLimit:
    """A table like the ledger's, with its four b-trees."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._arrivals = count(_FIRST)

    @contextmanager
    def table(self) -> Iterator[None]:
        """While inside, the table is there, and begins with the rows that the ledger's has."""
        making, filling = self._making()
        self._server.command(making, *_INDEXES, filling)
        try:
            yield
        finally:
            self._server.command(f"DROP TABLE {_TABLE}")

    def _making(self) -> tuple[str, str]:
        with self._server.superuser() as session:
            columns = session.execute(_COLUMNS.encode()).fetchall()
        said = (f'"{name}" {kind}{" NOT NULL" if needed else ""}' for name, kind, needed in columns)
        names = ", ".join(f'"{name}"' for name, *_ in columns)
        return (
            f"CREATE TABLE {_TABLE} ({', '.join(said)})",
            f"INSERT INTO {_TABLE} ({names}) SELECT {names} FROM ledger_transfer",
        )

    def copied(self, tenant_id: UUID, transfers: Sequence[Transfer]) -> float:
        """Rows per second, with the commit."""
        rendered = _rendered(tenant_id, transfers, self._arrivals)
        with self._server.superuser() as session, session.cursor() as cursor:
            begun = perf_counter()
            columns = ", ".join((*_FIELDS, "tenant_id", "timestamp", "arrival"))
            with cursor.copy(f"COPY {_TABLE} ({columns}) FROM STDIN".encode()) as copy:
                for block in rendered:
                    copy.write(block)
            return len(transfers) / (perf_counter() - begun)


def _rendered(tenant_id: UUID, transfers: Sequence[Transfer], arrivals: Iterator[int]) -> list[bytes]:
    """COPY's text format, in blocks of about a hundred kilobytes."""
    behind = f"\t{tenant_id}\t{BEGINNING.isoformat()}\t"
    lines = [
        "\t".join(_text(getattr(transfer, field)) for field in _FIELDS) + f"{behind}{next(arrivals)}\n"
        for transfer in transfers
    ]
    return ["".join(lines[first : first + 400]).encode() for first in range(0, len(lines), 400)]


def _text(value: object) -> str:
    return "\\N" if value is None else str(value)
