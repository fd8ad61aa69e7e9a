"""Rows of append-only tables, read in the order of their arrival and hashed into parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.access.scope import tenant_id
from core.db import arrivals
from core.seals.form import PART_ROWS, Hashing, Part


def parts_of(table: str, columns: Sequence[tuple[str, str]], *, after: int, through: int) -> Iterator[Part]:
    """The tenant's rows in this range of arrivals: none where there are none, several parts where there are many."""
    hashing, last = Hashing(table, columns, after), after
    for arrival, *values in _rows(table, columns, after, through):
        if hashing.rows >= PART_ROWS:
            yield hashing.part(last)
            hashing = Hashing(table, columns, last)
        hashing.add(values)
        last = arrival
    if hashing.rows:
        yield hashing.part(through)


def part_again(table: str, columns: Sequence[tuple[str, str]], *, after: int, through: int) -> Part:
    """The same range as one part, whatever is in it now."""
    hashing = Hashing(table, columns, after)
    for _, *values in _rows(table, columns, after, through):
        hashing.add(values)
    return hashing.part(through)


def _rows(table: str, columns: Sequence[tuple[str, str]], after: int, through: int) -> Iterator[tuple[Any, ...]]:
    names = [name for name, _ in columns]
    return arrivals.rows(table, names, tenant_id=tenant_id(), after=after, through=through)
