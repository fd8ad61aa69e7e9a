"""Work that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from core.db.transaction import atomic


@contextmanager
def undone(*, savepoint: bool = False) -> Iterator[None]:
    """A transaction, or a savepoint in one, of which nothing stays."""
    with atomic(savepoint=savepoint):
        yield
        transaction.set_rollback(True)
