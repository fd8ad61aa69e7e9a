"""Numbers drawn once and never again, without waiting for whoever drew the one before."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.migrations.operations.base import Operation, OperationCategory

from core.db import vendor


class Sequence(Operation):
    """A sequence of numbers from 1. On MariaDB and MySQL, the counter of a table that stays empty."""

    category = OperationCategory.SQL
    reversible = True

    def __init__(self, name: str) -> None:
        self.name = name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            statement = f"CREATE SEQUENCE {self.name} START WITH 1"
        else:
            statement = counter(self.name)
        schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        kind = "SEQUENCE" if schema_editor.connection.vendor == "postgresql" else "TABLE"
        schema_editor.execute(f"DROP {kind} {self.name}", params=None)

    def describe(self) -> str:
        return f"Number by {self.name}"


def counter(name: str) -> str:
    """The statement that makes a sequence on MariaDB and MySQL, unless it is there."""
    return f"CREATE TABLE IF NOT EXISTS {name} (number bigint NOT NULL AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB"


def drawing(name: str, into: str) -> str:
    """What a trigger on MariaDB and MySQL does to draw the next number into a variable or column."""
    return f"INSERT INTO {name} () VALUES (); SET {into} = LAST_INSERT_ID(); DELETE FROM {name} WHERE number = {into};"


def draw(name: str) -> int:
    """The sequence's next number. One that is drawn is gone, also where the transaction is rolled back.

    InnoDB's counter is no part of the transaction and outlives a restart; only the row that moved it is rolled back.
    """
    with connection.cursor() as cursor:
        if vendor.is_postgresql():
            cursor.execute("SELECT nextval(%s)", [name])
            return int(cursor.fetchone()[0])
        cursor.execute(f"INSERT INTO {name} () VALUES ()")
        number = int(cursor.lastrowid)
        cursor.execute(f"DELETE FROM {name} WHERE number = %s", [number])
        return number


def last_drawn(name: str) -> str | None:
    """What in a query is the largest number that the sequence has given, to whomever, when the query began or later.

    None on MariaDB and MySQL, which can't be asked.
    """
    return f"(SELECT last_value FROM {name})" if vendor.is_postgresql() else None
