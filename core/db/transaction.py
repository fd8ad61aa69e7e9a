"""Transactions that carry their tenant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connection, transaction

from core.access import scope
from core.db import vendor

#: Whose rows the database was told to show in the transaction that is open.
_told: ContextVar[UUID | None] = ContextVar("told_tenant", default=None)


@contextmanager
def atomic(*, durable: bool = False, savepoint: bool = False) -> Iterator[None]:
    """One READ COMMITTED transaction, which also tells the database whose rows it may see.

    `savepoint` makes a nested block undo by itself; without it a nested failure fails the whole.
    """
    wanted, told = scope.tenant_or_none(), _told.get() if connection.in_atomic_block else None
    with transaction.atomic(durable=durable, savepoint=savepoint):
        if wanted is not None and wanted != told:
            vendor.set_tenant(wanted)
        token = _told.set(wanted or told)
        try:
            yield
        finally:
            _told.reset(token)
    if told is not None and wanted not in (None, told) and not connection.needs_rollback:
        vendor.set_tenant(told)
