"""Small statements that PostgreSQL and MariaDB word differently."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from psycopg import OperationalError
from psycopg.pq import ExecStatus, TransactionStatus


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def is_mariadb() -> bool:
    """False on MySQL, where some settings have other names."""
    return connection.vendor == "mysql" and bool(connection.mysql_is_mariadb)  # type: ignore[attr-defined]


def set_tenant(tenant_id: UUID | None) -> None:
    """Sets `daybook.tenant` until the transaction ends, on PostgreSQL only. No policy reads it yet."""
    if not is_postgresql():
        return
    naming = f"SET LOCAL daybook.tenant = '{tenant_id or ''}'"
    raw = connection.connection
    if raw.autocommit or raw.info.transaction_status != TransactionStatus.IDLE:
        with connection.cursor() as cursor:
            cursor.execute(naming)
        return
    # The driver would begin the transaction by a statement of its own: one trip instead of two, for every transaction.
    with connection.wrap_database_errors:
        begun = raw.pgconn.exec_(f"BEGIN; {naming}".encode())
        if begun.status != ExecStatus.COMMAND_OK:
            raise OperationalError(begun.get_error_message())


def set_until_end(variable: str, value: int) -> None:
    """Sets a session's variable until the transaction ends. Only on MariaDB and MySQL."""
    connection.set_until_end(variable, value)  # type: ignore[attr-defined] # of our own backend


def set_lock_timeout(milliseconds: int) -> None:
    """How long this transaction waits for any one lock; on MariaDB in whole seconds."""
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])
    else:
        set_until_end("innodb_lock_wait_timeout", max(1, milliseconds // 1000))


def seconds_after(instant: str, seconds: str) -> str:
    """SQL for an instant so many seconds later; both are columns."""
    if is_postgresql():
        return f"{instant} + {seconds} * interval '1 second'"
    return f"{instant} + INTERVAL {seconds} SECOND"


def is_duplicate(error: BaseException) -> bool:
    """Whether a row was refused because one of its key is there already."""
    cause = error.__cause__ or error
    return getattr(cause, "sqlstate", None) == "23505" or (bool(error.args) and error.args[0] == 1062)


def named_in(error: BaseException, ids: Iterable[UUID]) -> UUID | None:
    """Which of these ids the database's message names: that of the row which it refused."""
    told = str(error)
    return next((one for one in ids if str(one) in told or one.hex in told), None)
