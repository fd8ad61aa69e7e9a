"""A name held by this process until it lets go or dies: how others know that it is still at work.

Held by the database session, so it can't outlive the process, and no clock decides.
"""

from __future__ import annotations

from hashlib import sha256

from django.db import connection

from core.db import vendor


def try_hold(name: str) -> bool:
    """Whether the name is now held here; False where another session holds it. Never waits."""
    with connection.cursor() as cursor:
        if vendor.is_postgresql():
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_key(name)])
        else:
            cursor.execute("SELECT GET_LOCK(%s, 0)", [_server_wide(name)])
        return bool(cursor.fetchone()[0])


def let_go(name: str) -> None:
    """Ends holding the name."""
    with connection.cursor() as cursor:
        if vendor.is_postgresql():
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_key(name)])
        else:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [_server_wide(name)])


def _key(name: str) -> int:
    return int.from_bytes(sha256(b"held " + name.encode()).digest()[:8], "big", signed=True)


def _server_wide(name: str) -> str:
    # MariaDB's locks know no database, and names of 64 characters at most.
    return sha256(f"held in {connection.settings_dict['NAME']}: {name}".encode()).hexdigest()
