"""Transactions that can't go on for ever."""

from __future__ import annotations

from django.db import connection

from core.db import vendor


def bound_transaction(*, statement_seconds: int, idle_seconds: int) -> None:
    """From here on, this transaction fails where one statement, or a pause between two, takes longer.

    MySQL bounds only how long a statement waits for a lock, and how long it reads.
    """
    if vendor.is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true), "
                "set_config('idle_in_transaction_session_timeout', %s, true)",
                [f"{statement_seconds}s", f"{idle_seconds}s"],
            )
    elif vendor.is_mariadb():
        vendor.set_until_end("max_statement_time", statement_seconds)
        vendor.set_until_end("idle_transaction_timeout", idle_seconds)
    else:
        vendor.set_lock_timeout(statement_seconds * 1000)
        vendor.set_until_end("max_execution_time", statement_seconds * 1000)
