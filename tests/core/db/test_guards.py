"""MariaDB's guards, each taken away for real in a database of the test's own, are missed by `verify`.

PostgreSQL's are taken away in a transaction: tests/integrity/test_journal.py.
"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection

from core.db import guards
from tests.support.roles import speaking_as

pytestmark = [pytest.mark.mariadb("DDL and GRANT can't be undone there"), pytest.mark.usefixtures("own_database")]


def _as_owner(*statements: str) -> None:
    application = f"'{settings.APPLICATION_ROLE}'@'{settings.APPLICATION_ROLE_HOST}'"
    with speaking_as("DATABASE_OWNER_URL"), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(application=application))


def test_each_guard_that_is_taken_away_is_missed() -> None:
    assert list(guards.missing()) == []
    _as_owner(
        "DROP TRIGGER append_only_billing_charge_delete",
        "DROP TABLE keeps_customers_mark",
        "GRANT DELETE, DROP ON core_auditrecord TO {application}",
        "GRANT UPDATE (amount) ON ledger_transfer TO {application}",
        "GRANT UPDATE ON metering_event TO {application}",
        "GRANT UPDATE (body) ON metering_quarantine TO {application}",
        "GRANT DELETE ON customers_seller TO {application}",
    )
    assert list(guards.missing()) == [
        ("billing_charge", "its trigger append_only_billing_charge_delete is missing"),
        ("customers_mark", "the table keeps_customers_mark, for whose sake it can't be emptied, is missing"),
        ("core_auditrecord", "the application's role may DELETE"),
        ("core_auditrecord", "the application's role may DROP"),
        ("ledger_transfer", "the application's role may UPDATE amount"),
        ("metering_event", "the application's role may UPDATE"),
        ("metering_quarantine", "the application's role may UPDATE body"),
    ]


def test_rights_on_the_whole_database_are_too_much() -> None:
    database = settings.DATABASES["default"]["NAME"].replace("_", r"\_")
    _as_owner(f"GRANT SELECT, TRIGGER ON `{database}`.* TO {{application}}")
    assert list(guards.missing()) == [("all tables", "the application's role may TRIGGER")]


def test_the_owner_guards_nothing_by_rights() -> None:
    with speaking_as("DATABASE_OWNER_URL"):
        assert list(guards.missing()) == []
