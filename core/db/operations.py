"""Migration operations that a database enforces by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory

from core.db import arrivals, domains, writers
from core.db.truncation import keeper, keeping

#: What the triggers run; running it again changes nothing.
POSTGRESQL_FUNCTIONS = """
CREATE OR REPLACE FUNCTION daybook_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE FUNCTION daybook_refuse_change_of_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - TG_ARGV) IS DISTINCT FROM (to_jsonb(OLD) - TG_ARGV) THEN
        RAISE EXCEPTION 'append-only: % refuses a change of anything but %',
            TG_TABLE_NAME, array_to_string(TG_ARGV, ', ') USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class AppendOnly(Operation):
    """Rows of `table` are never deleted or changed, except in the columns named `mutable`.

    It also registers the table with the seals (`core.seals`), and so numbers the arrival of its rows. A seal leaves
    out what is `mutable`, and what is `personal`: columns that may have to be erased, and of which another column of
    the row holds a digest. `sealed` is False for the seals themselves.
    """

    category = OperationCategory.SQL
    reversible = True

    def __init__(
        self, table: str, mutable: Sequence[str] = (), *, personal: Sequence[str] = (), sealed: bool = True
    ) -> None:
        self.table = table
        self.mutable = tuple(mutable)
        self.personal = tuple(personal)
        self.sealed = sealed

    @property
    def guarded(self) -> tuple[str, ...]:
        """On what the table has a trigger of ours, MariaDB's TRUNCATE apart."""
        return ("insert", "update", "delete", "truncate") if self.sealed else ("update", "delete", "truncate")

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        postgresql = schema_editor.connection.vendor == "postgresql"
        if postgresql:
            domains.keep_readable(schema_editor, self.table)
        columns = [] if postgresql else self._columns(schema_editor.connection)
        for statement in self.on_postgresql() if postgresql else self.on_mariadb(columns):
            schema_editor.execute(statement, params=None)
        if not postgresql:
            schema_editor.execute(keeping(schema_editor, self.table), params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        on = f" ON {self.table}" if schema_editor.connection.vendor == "postgresql" else ""
        for name in self.guarded:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS append_only_{self.table}_{name}{on}", params=None)
        if self.sealed:
            schema_editor.execute(f"ALTER TABLE {self.table} DROP COLUMN {arrivals.COLUMN}", params=None)
        if not on:
            schema_editor.execute(f"DROP TABLE IF EXISTS {keeper(self.table)}", params=None)

    def describe(self) -> str:
        return f"Make {self.table} append-only"

    def on_postgresql(self) -> list[str]:
        """The statements that make the table append-only there."""
        return [*self._arriving(postgresql=True), *self._postgresql()]

    def on_mariadb(self, columns: Sequence[str]) -> list[str]:
        """The same there, for a table that then has these columns."""
        return [*self._arriving(postgresql=False), *self._mariadb(columns)]

    def _columns(self, connection: Any) -> list[str]:
        """Those of the table, and the one that is about to be added."""
        with connection.cursor() as cursor:
            columns = [column.name for column in connection.introspection.get_table_description(cursor, self.table)]
        return [*columns, arrivals.COLUMN] if self.sealed else columns

    def _arriving(self, *, postgresql: bool) -> list[str]:
        if not self.sealed:
            return []
        return [
            *(writers.POSTGRESQL if postgresql else writers.MARIADB),
            *arrivals.adding(self.table, postgresql=postgresql),
            writers.entering(self.table, postgresql=postgresql),
        ]

    def _postgresql(self) -> list[str]:
        statements = [POSTGRESQL_FUNCTIONS]
        if self.mutable:
            columns = ", ".join(f"'{column}'" for column in self.mutable)
            statements.append(
                f"CREATE TRIGGER append_only_{self.table}_update BEFORE UPDATE ON {self.table} "
                f"FOR EACH ROW EXECUTE FUNCTION daybook_refuse_change_of_fixed({columns})"
            )
        refused = ("delete", "truncate") if self.mutable else ("update", "delete", "truncate")
        return statements + [
            f"CREATE TRIGGER append_only_{self.table}_{name} BEFORE {name.upper()} ON {self.table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION daybook_refuse_change()"
            for name in refused
        ]

    def _mariadb(self, columns: Sequence[str]) -> list[str]:
        # TRUNCATE ignores triggers there: lacking DROP refuses it to the application's role, `keeping` to all others.
        signal = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append-only: {table} refuses {what}'"
        refuse = f"BEGIN {signal.format(table=self.table, what='DELETE')}; END"
        statements = [
            f"CREATE TRIGGER append_only_{self.table}_delete BEFORE DELETE ON {self.table} FOR EACH ROW {refuse}"
        ]
        changed = " OR ".join(f"NOT (NEW.{name} <=> OLD.{name})" for name in columns if name not in self.mutable)
        refuse = signal.format(table=self.table, what="UPDATE")
        body = f"BEGIN IF {changed} THEN {refuse}; END IF; END" if self.mutable else f"BEGIN {refuse}; END"
        return [
            *statements,
            f"CREATE TRIGGER append_only_{self.table}_update BEFORE UPDATE ON {self.table} FOR EACH ROW {body}",
        ]
