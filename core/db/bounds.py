"""Transactions that can't go on for ever."""

from __future__ import annotations

from django.db import connection

from core.db import vendor


def bound_transaction(*, statement_seconds: int, idle_seconds: int) -> None:
    """From here on, this transaction fails where one statement, or a pause between two, takes longer."""
    with connection.cursor() as cursor:
        if vendor.is_postgresql():
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true), "
                "set_config('idle_in_transaction_session_timeout', %s, true)",
                [f"{statement_seconds}s", f"{idle_seconds}s"],
            )
        else:
            cursor.execute("SET max_statement_time = %s", [statement_seconds])
            cursor.execute("SET idle_transaction_timeout = %s", [idle_seconds])
