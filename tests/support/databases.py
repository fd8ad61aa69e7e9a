"""Databases for tests: one that is migrated once, and its clones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings

from tests.support import mariadb

#: Migrated once for all workers; nobody connects to it.
_TEMPLATE = "test_template"
_LOCK = 7_305_051


def clone(name: str) -> None:
    """A new database of that name, in which nothing has happened; an old one is thrown away."""
    if on_mariadb():
        with mariadb.alone(_TEMPLATE) as cursor:
            if not mariadb.exists(cursor, _TEMPLATE):
                cursor.execute(f"CREATE DATABASE {_TEMPLATE}")
                _migrate()
            mariadb.drop(cursor, name)
            mariadb.copy(cursor, _TEMPLATE, name)
        return
    owner = os.environ["DATABASE_OWNER_URL"]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{_TEMPLATE}"')
            _migrate()
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"')


def _migrate() -> None:
    addresses = {name: renamed(os.environ[name], _TEMPLATE) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    environment = {**os.environ, **addresses, "DATABASE_ROLE": "owner"}
    subprocess.run(command, env=environment, check=True, cwd=settings.BASE_DIR)


def on_mariadb() -> bool:
    return os.environ["DATABASE_URL"].startswith("mysql")


def use(name: str) -> None:
    """From now on this process, and those that it starts, work with that database."""
    from django.db import connections

    connections["default"].close()
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SUPERUSER_URL"):
        if variable in os.environ:
            os.environ[variable] = renamed(os.environ[variable], name)
    os.environ["DATABASE_MIGRATED"] = "yes"


def hand_on() -> None:
    """Lets go of what the test's session holds; one that is broken is closed."""
    from django.db import Error, connection

    if connection.connection is None:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT RELEASE_ALL_LOCKS()" if on_mariadb() else "SELECT pg_advisory_unlock_all()")
    except Error:
        connection.close()


def _drop(name: str) -> None:
    if on_mariadb():
        with mariadb.alone(_TEMPLATE) as cursor:
            mariadb.drop(cursor, name)
        return
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def renamed(url: str, name: str) -> str:
    """The address of another database of the same server and role."""
    head, _, _ = url.rpartition("/")
    return f"{head}/{name}"


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, for one that bends what others would stumble over; name it before `books`."""
    before = settings.DATABASES["default"]["NAME"]
    name = f"{before}_own"
    with django_db_blocker.unblock():
        clone(name)
        use(name)
        yield name
        use(before)
        _drop(name)
