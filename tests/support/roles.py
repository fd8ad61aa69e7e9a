"""Speaking to the database as another role than the application's, and how it refuses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import DatabaseError, connection, connections

#: How often another role than the application's was lent to a test.
spoken = 0

DENIED, RESTRICTED, CHECK, NULL = "42501", "23001", "23514", "23502"
NO_ACCOUNT, INTEGRITY, OUT_OF_RANGE, NO_NUMBER = "23503", "23000", "22003", "22P02"

#: What MariaDB's numbers mean in PostgreSQL's states. It also says 1419 and 1193 of what only its superuser may do.
_STATES = {
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370, 1419, 1193), DENIED),
    **dict.fromkeys((1644, 1701, 1451), RESTRICTED),
    **dict.fromkeys((3819, 4025), CHECK),
    1048: NULL,
    1452: INTEGRITY,  # also what the ledger's triggers raise
    1264: OUT_OF_RANGE,
    1366: NO_NUMBER,
    1292: NO_NUMBER,
    1062: "23505",
    1406: "22001",
}


@contextmanager
def speaking_as(variable: str) -> Iterator[Any]:
    """While inside, Django's connection is that of the role whose address is in the variable."""
    global spoken  # noqa: PLW0603 - one process runs one test at a time
    spoken += 1
    before: Any = connections["default"]
    before.close()
    other: Any = before.copy()
    address = urlsplit(os.environ[variable])
    other.settings_dict |= {"USER": address.username, "PASSWORD": unquote(address.password or "")}
    connections["default"] = other
    try:
        yield other
    finally:
        other.close()
        connections["default"] = before


def state(error: DatabaseError) -> str | None:
    """The SQLSTATE with which PostgreSQL refuses, also where MariaDB has a number for it."""
    cause = error.__cause__ or error
    number = cause.args[0] if cause.args else None
    return _STATES.get(number, str(number)) if isinstance(number, int) else getattr(cause, "sqlstate", None)


def on_postgresql() -> bool:
    return connection.vendor == "postgresql"
