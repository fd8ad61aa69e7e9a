"""Transactions that can't go on for ever."""

from __future__ import annotations

import time

import pytest
from django.db import DatabaseError, connection, transaction

from core.db.bounds import bound_transaction
from core.db.transaction import atomic
from core.models import Tenant
from tests.support.roles import on_postgresql

pytestmark = pytest.mark.usefixtures("transactional_db")


def test_a_statement_that_takes_too_long_is_ended() -> None:
    with atomic(), connection.cursor() as cursor:
        bound_transaction(statement_seconds=1, idle_seconds=30)
        with pytest.raises(DatabaseError):
            cursor.execute("SELECT pg_sleep(20)" if on_postgresql() else "SELECT SLEEP(20)")
        transaction.set_rollback(True)


def test_a_transaction_that_pauses_too_long_is_ended() -> None:
    with atomic():
        bound_transaction(statement_seconds=30, idle_seconds=1)
        Tenant.objects.exists()  # MariaDB's transaction begins with the first table
        time.sleep(1.5)
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.close()


def test_the_bounds_end_with_the_transaction() -> None:
    with atomic():
        bound_transaction(statement_seconds=1, idle_seconds=1)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout" if on_postgresql() else "SELECT @@max_statement_time")
        assert cursor.fetchone()[0] not in {"1s", 1}
