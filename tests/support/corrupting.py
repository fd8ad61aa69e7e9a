"""Books that somebody with every right bent past all guards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, connections

from core.db.transaction import atomic


@contextmanager
def corrupted(*statements: str) -> Iterator[None]:
    """The books after a superuser ran the statements, with triggers and foreign keys off; undone at the end."""
    application = connections["default"]
    application.close()
    superuser: Any = application.copy()
    known = psycopg.conninfo.conninfo_to_dict(os.environ["DATABASE_SUPERUSER_URL"])
    superuser.settings_dict |= {"USER": known["user"], "PASSWORD": known["password"]}
    connections["default"] = superuser
    try:
        with atomic():
            _run(
                "SET LOCAL session_replication_role = replica",
                "SELECT nextval('daybook_arrival')",  # which inserts don't do by themselves now
                *statements,
                "SET LOCAL session_replication_role = origin",
            )
            yield
            superuser.set_rollback(True)
    finally:
        superuser.close()
        connections["default"] = application


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
