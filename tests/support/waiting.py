"""Whether another session waits for a lock in this test's database."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from tests.support.roles import on_postgresql

# Who waits for a row, and for us, or (which a transaction of ours would see but once) for anybody.
_POSTGRESQL = """
SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database AND datname = current_database() WHERE NOT granted
UNION ALL
SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
UNION ALL
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
ORDER BY 1 DESC LIMIT 1
"""
# Of its own sessions, which is all that the application may see: a statement that takes so long is one that waits.
_MARIADB = """
SELECT COUNT(*) FROM information_schema.processlist
WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command = 'Query' AND time_ms > 300
"""


def until_somebody_waits() -> None:
    """Returns once one does; fails the test where nobody does within 12 seconds."""
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute(_POSTGRESQL if on_postgresql() else _MARIADB)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    pytest.fail("nobody waits")
