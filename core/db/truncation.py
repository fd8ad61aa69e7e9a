"""What refuses TRUNCATE where triggers can't: MariaDB and MySQL don't run them for it."""

from __future__ import annotations

from typing import Any

_KEY = """
SELECT column_name, column_type FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name = %s AND column_key = 'PRI'
"""


KEEPER = "keeps_"


def keeper(table: str) -> str:
    """The empty table whose foreign key makes the database refuse to truncate or drop `table`, whoever asks."""
    return f"{KEEPER}{table}"


def keeping(schema_editor: Any, table: str) -> str:
    """The statement that makes it."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_KEY, [table])
        [(column, kind)] = cursor.fetchall()
    reference = f"CONSTRAINT {keeper(table)} FOREIGN KEY (kept) REFERENCES {table} ({column})"
    return f"CREATE TABLE {keeper(table)} (kept {kind} NULL, {reference}) {schema_editor.table_options()}"
