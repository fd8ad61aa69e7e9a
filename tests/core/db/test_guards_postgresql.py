"""What a table of faults can't do to PostgreSQL's guards: see tests/integrity/test_journal.py for the others."""

from __future__ import annotations

import pytest
from django.db import connection

from core.db import guards
from core.db.transaction import atomic
from tests.support.roles import speaking_as

pytestmark = [
    pytest.mark.postgresql("MariaDB has no such setting"),
    pytest.mark.usefixtures("transactional_db"),
]


def test_a_session_in_which_no_trigger_fires_is_found() -> None:
    """As `ALTER DATABASE … SET session_replication_role` would make every session."""
    with speaking_as("DATABASE_SUPERUSER_URL"), atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        assert ("session_replication_role", "triggers do not fire: it is replica") in guards.missing()
