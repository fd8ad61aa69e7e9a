"""A durable PostgreSQL of the bench's own: made, asked about itself, crashed, and removed."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from config.embedded import Cluster, Connection
from config.embedded.state import read_postmaster
from config.launch import prepare
from config.processes import birth, end
from config.with_database import remove_forgotten

#: What a server for billing would be given; benches say so in their results. Vacuum is run between runs instead.
SETTINGS = {
    "shared_buffers": "2GB",
    "wal_buffers": "64MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "autovacuum": "off",
}
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
_TOLD = (*_DURABLE, *SETTINGS, "wal_level", "wal_compression", "wal_sync_method", "data_checksums", "jit")


class NotDurable(RuntimeError):
    """The server may forget what it acknowledged: its figures are worth nothing."""


class Server:
    """The bench's PostgreSQL. This process and its children reach it as the product does: by DATABASE_URL."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.connection = self._found()

    def adopt(self) -> None:
        """Migrates the database, and makes this process ready to use Django with it."""
        os.environ.pop("DATABASE_MIGRATED", None)
        prepare()
        import django

        django.setup()

    def command(self, *statements: str) -> None:
        """Runs statements as the superuser, each on its own."""
        with self.superuser() as session:
            for statement in statements:
                session.execute(statement.encode())

    def superuser(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self._cluster.superuser_url, autocommit=True)

    def ready(self, *vacuumed: str) -> None:
        """Puts the server into the state in which every run begins: no dirty pages, no dead rows in those tables."""
        self.command(*(f"VACUUM (ANALYZE) {table}" for table in vacuumed), "CHECKPOINT")

    def empty(self, *tables: str) -> None:
        """Takes all rows out of those tables, and of what refers to them, past the product's guards."""
        with self.superuser() as session:
            session.execute("SET session_replication_role = replica")
            session.execute(f"TRUNCATE {', '.join(tables)} CASCADE".encode())

    def facts(self) -> dict[str, Any]:
        """Version and settings. Raises NotDurable unless every commit is on disk before it is acknowledged."""
        with self.superuser() as session:
            version = session.execute("SHOW server_version").fetchone()
            rows = session.execute(
                "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [[*_TOLD]]
            )
            settings = dict(sorted(rows.fetchall()))
        if off := [name for name in _DURABLE if settings[name] != "on"]:
            raise NotDurable(f"{', '.join(off)} must be on")
        return {"version": version[0] if version else "", "settings": settings}

    def crash(self) -> None:
        """Ends the server at once, as a power cut would: what it acknowledged must be in its log."""
        postmaster = read_postmaster(self._cluster.data)
        born = birth(postmaster.pid) if postmaster else None
        if not postmaster or not born:
            raise RuntimeError("the bench's server is gone")
        end(postmaster.pid, born=born, by=signal.SIGQUIT, within_seconds=60)

    def recover(self) -> None:
        """Starts the server again after a crash."""
        self.connection = self._found()

    def _found(self) -> Connection:
        connection = self._cluster.ensure()
        os.environ["DATABASE_URL"] = connection.application_url
        os.environ["DATABASE_OWNER_URL"] = connection.owner_url
        return connection


@contextmanager
def private_server() -> Iterator[Server]:
    """While inside, a fresh durable server; removed with its data at the end, or by the next one after a kill."""
    remove_forgotten()
    cluster = Cluster(f"throwaway-bench-{secrets.token_hex(4)}", settings=SETTINGS)
    cluster.hold()
    try:
        yield Server(cluster)
    finally:
        cluster.let_go()
        cluster.remove()
