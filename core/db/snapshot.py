"""One moment of the books, whatever others write meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from core.db import vendor
from core.db.transaction import atomic


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read inside was committed at one moment, and nothing can be written.

    Inside a transaction that already runs it only goes on with that one.
    """
    if connection.in_atomic_block:
        yield
        return
    if not vendor.is_postgresql():
        _begin_as_snapshot()  # there it is said of the next transaction, here of the one that has just begun
    with transaction.atomic():
        if vendor.is_postgresql():
            _begin_as_snapshot()
        with atomic():
            yield


def _begin_as_snapshot() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
