"""The application's rights on MariaDB and MySQL, table by table.

There, nothing can be taken out of what was granted on a whole database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from core.db import writers
from core.db.mysql.telling import tell_guards
from core.db.operations import AppendOnly
from core.db.truncation import KEEPER


def grant(connection: Any, role: str, updatable: Mapping[str, tuple[str, ...]]) -> None:
    """Gives the role the use of the owner's tables, but no right to change or delete what must stay.

    `updatable`: table → the columns that may be updated, where not all of them.
    """
    from core.db import guards

    kept = guards.append_only()
    # Closing the gate locks its row, which needs the right to update some column.
    updatable = {**updatable, writers.TABLE: ("id",)}
    account = f"'{role}'@'{settings.APPLICATION_ROLE_HOST}'"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(KEEPER):
                continue
            quoted = connection.ops.quote_name(table)
            cursor.execute(f"GRANT SELECT, INSERT ON {quoted} TO {account}")
            cursor.execute(f"REVOKE UPDATE, DELETE ON {quoted} FROM {account}")
            if updatable.get(table) == () or table == writers.TABLE:
                cursor.execute(f"REVOKE INSERT ON {quoted} FROM {account}")
            if rights := ", ".join(_rights(kept.get(table), updatable.get(table))):
                cursor.execute(f"GRANT {rights} ON {quoted} TO {account}")
        tell_guards(cursor, account, mariadb=connection.mysql_is_mariadb)


def _rights(operation: AppendOnly | None, columns: tuple[str, ...] | None) -> Iterator[str]:
    if columns is not None:
        yield from [f"UPDATE ({', '.join(columns)})"] if columns else []
    elif operation is None or operation.mutable:
        yield "UPDATE"
    if operation is None and columns is None:
        yield "DELETE"
