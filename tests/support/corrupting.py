"""Books that somebody with every right bent past all guards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

from core.db.domains import DOMAINS, rule
from core.db.transaction import atomic
from tests.support.dialect import said
from tests.support.roles import on_postgresql, speaking_as

#: Triggers that MariaDB lacks while books are bent: `core.guards` would find nothing else.
taken_away: set[str] = set()


@contextmanager
def corrupted(*statements: str, undo: bool = True) -> Iterator[None]:
    """The books after a superuser ran the statements, with triggers and foreign keys off; undone at the end.

    `undo=False` leaves them so: in a database of the test's own.
    """
    with speaking_as("DATABASE_SUPERUSER_URL") as superuser, _unguarded(statements) as (off, on), atomic():
        _run(*off, *map(said, statements), *on)
        yield
        superuser.set_rollback(undo)


def without_checks(*tables: str) -> Iterator[str]:
    """Statements to begin with, where what follows offends a CHECK. MariaDB's are off anyway, by a setting."""
    if not on_postgresql():
        return
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass", [table])
            yield from [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for (name,) in cursor.fetchall()]
        for domain in DOMAINS:
            yield f"ALTER DOMAIN {domain} DROP CONSTRAINT IF EXISTS {rule(domain)}"


@contextmanager
def _unguarded(statements: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """What switches guards off in a transaction, and on again.

    MariaDB can't switch a trigger off: there, those of the tables that the statements name are away meanwhile.
    """
    if on_postgresql():
        yield ["SET LOCAL session_replication_role = replica"], ["SET LOCAL session_replication_role = origin"]
        return
    triggers = dict(_triggers_of(" ".join(statements)))
    _run(*(f"DROP TRIGGER {name}" for name in triggers))
    taken_away.update(triggers)
    try:
        # Without its trigger a row has no arrival.
        arriving = [f"UPDATE {table} SET arrival = {_LATER} WHERE arrival = 0" for table in _arriving_tables(triggers)]
        yield _MARIADB_OFF, [*arriving, *(statement.replace("= 0", "= 1") for statement in _MARIADB_OFF[:2])]
    finally:
        taken_away.clear()
        _run(*triggers.values())


_MARIADB_OFF = (
    "SET foreign_key_checks = 0",
    "SET check_constraint_checks = 0",
    "SET sql_mode = CONCAT(@@sql_mode, ',SIMULTANEOUS_ASSIGNMENT')",  # SET a = b, b = a
)


_LATER = 10**12


def _arriving_tables(triggers: Iterable[str]) -> list[str]:
    """Those whose rows one of the triggers numbers."""
    numbering = [name for name in triggers if name.startswith("append_only_") and name.endswith("_insert")]
    return [name.removeprefix("append_only_").removesuffix("_insert") for name in numbering]


def _triggers_of(statements: str) -> Iterator[tuple[str, str]]:
    """(name, what makes it) of each trigger whose table is named there."""
    named = set(re.findall(r"\w+", statements))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        )
        for name in [name for name, table in cursor.fetchall() if table in named]:
            cursor.execute(f"SHOW CREATE TRIGGER {name}")
            yield name, cursor.fetchone()[2]


def _run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
