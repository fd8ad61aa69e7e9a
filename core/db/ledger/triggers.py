"""The database keeps the ledger's balances by itself, whoever inserts the transfers; the application can't write them.

By a row's flags: what is plain, or posts a pending transfer, moves the posted balances; what is pending moves the
pending ones, until it is posted, voided or expires; what closes an account closes it until it is voided or expires.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory

from core.db.ledger import mariadb, postgresql


class KeepBalances(Operation):
    """Inserting transfers moves their accounts' balances, or is refused; comes after AppendOnly of their tables."""

    category = OperationCategory.SQL
    reversible = False

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        on_postgresql = schema_editor.connection.vendor == "postgresql"
        for statement in postgresql.STATEMENTS if on_postgresql else mariadb.STATEMENTS:
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        raise NotImplementedError("books without kept balances are no books")

    def describe(self) -> str:
        return "Let the database keep the ledger's balances"
