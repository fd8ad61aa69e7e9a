"""Instants read from PostgreSQL, by what the standard library has in C."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


def connect() -> None:
    """From now on each new connection reads its instants this way. Called once, when all apps are loaded."""
    connection_created.connect(_prepare, dispatch_uid="core.db.instants")


def _prepare(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "postgresql" and getattr(connection, "timezone", None) is UTC:
        connection.connection.adapters.register_loader("timestamptz", _loader())


def _loader() -> type:
    # Imported here: MariaDB does without psycopg.
    from django.db.backends.postgresql.psycopg_any import BaseTzLoader

    class InstantLoader(BaseTzLoader):  # type: ignore[misc]
        """As Django's own, which takes six times as long; what is not plain ISO in UTC is left to that."""

        timezone = UTC

        def load(self, data: Any) -> datetime:
            with suppress(ValueError):
                instant = datetime.fromisoformat(bytes(data).decode())
                if instant.tzinfo is UTC:
                    return instant
            own: datetime = super().load(data)
            return own

    return InstantLoader
