"""MariaDB's databases for tests: it has no templates, so what was migrated once is made again, table by table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit


@contextmanager
def connected(variable: str, *, database: str | None = None) -> Iterator[Any]:
    """A cursor of the role and database whose address is in that variable, each statement by itself."""
    from core.db.mysql import driver  # noqa: F401, I001 - makes MySQLdb importable
    import MySQLdb

    address = urlsplit(os.environ[variable])
    connection = MySQLdb.connect(
        host=address.hostname,
        port=address.port,
        user=address.username,
        password=unquote(address.password or ""),
        database=database or address.path.lstrip("/"),
        charset="utf8mb4",
        autocommit=True,
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin")
            yield cursor
    finally:
        connection.close()


@contextmanager
def alone(lock: str) -> Iterator[Any]:
    """The superuser's cursor in no database of ours, while nobody else has that lock."""
    with connected("DATABASE_SUPERUSER_URL", database="mysql") as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 300)", [lock])
        yield cursor


def exists(cursor: Any, name: str) -> bool:
    cursor.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", [name])
    return cursor.fetchone() is not None


def copy(cursor: Any, template: str, name: str) -> None:
    """A database with all that is in the template: tables, rows, triggers, and who may do what."""
    grants = _grants(cursor, template)
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [template])
    tables = [table for (table,) in cursor.fetchall()]
    made = [_made(cursor, f"TABLE `{template}`.`{table}`", column=1) for table in tables]
    cursor.execute("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = %s", [template])
    triggers = [_made(cursor, f"TRIGGER `{template}`.`{trigger}`", column=2) for (trigger,) in cursor.fetchall()]
    cursor.execute("SELECT routine_name FROM information_schema.routines WHERE routine_schema = %s", [template])
    functions = [_made(cursor, f"FUNCTION `{template}`.`{function}`", column=2) for (function,) in cursor.fetchall()]
    cursor.execute(f"CREATE DATABASE `{name}`")
    cursor.execute(f"USE `{name}`")
    cursor.execute("SET foreign_key_checks = 0")
    for statement in made:
        cursor.execute(statement)
    for table in tables:
        cursor.execute(f"INSERT INTO `{table}` SELECT * FROM `{template}`.`{table}`")
    for statement in (*triggers, *functions):
        cursor.execute(statement)
    for grant in grants:
        cursor.execute(grant.replace(f"`{template}`", f"`{name}`"))


def drop(cursor: Any, name: str) -> None:
    """The database, and the rights that were granted on it: those would outlive it, and meet the next of its name."""
    for grant in _grants(cursor, name):
        cursor.execute(grant.replace("GRANT ", "REVOKE ", 1).replace(" TO ", " FROM "))
    cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")


def _made(cursor: Any, what: str, *, column: int) -> str:
    cursor.execute(f"SHOW CREATE {what}")
    return str(cursor.fetchone()[column])


def _grants(cursor: Any, database: str) -> list[str]:
    from django.conf import settings

    cursor.execute(f"SHOW GRANTS FOR '{settings.APPLICATION_ROLE}'@'{settings.APPLICATION_ROLE_HOST}'")
    names = [f"`{database}`", "`{}`".format(database.replace("_", r"\_"))]
    return [grant for (grant,) in cursor.fetchall() if any(name in grant for name in names)]
