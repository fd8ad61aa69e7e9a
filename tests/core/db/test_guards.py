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


def test_each_trigger_and_constraint_that_is_gone_is_missed() -> None:
    _as_owner(
        "DROP TRIGGER ledger_keep_balances",
        "DROP TRIGGER ledger_opening_balance",
        "ALTER TABLE keeps_metering_void DROP FOREIGN KEY keeps_metering_void",
        "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_limits",
        "ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_amount_rule",
        "ALTER TABLE billing_charge MODIFY n integer NOT NULL",
        "ALTER TABLE core_auditrecord MODIFY after longtext",
        "ALTER TABLE core_auditrecord ALTER arrival DROP DEFAULT",
        "ALTER TABLE ledger_transfer ALTER arrival SET DEFAULT 7",
        "ALTER TABLE ledger_transfer MODIFY flags integer",
        "ALTER TABLE metering_void DROP PRIMARY KEY",
        "ALTER TABLE ledger_failedtransfer DROP KEY ledger_failed_once",
        "ALTER TABLE ledger_account DROP FOREIGN KEY ledger_account_customer_id_01d7ea88_fk_customers_customer_id",
    )
    assert list(guards.missing()) == [
        ("ledger_account", "its trigger ledger_opening_balance is missing"),
        ("ledger_transfer", "its trigger ledger_keep_balances is missing"),
        ("metering_void", "the table keeps_metering_void, for whose sake it can't be emptied, is missing"),
        ("ledger_account", "its constraint ledger_account_limits is missing"),
        ("ledger_transfer", "its constraint ledger_transfer_amount_rule is missing"),
        ("billing_charge", "its column n may hold what it must not"),
        ("core_auditrecord", "its column after may hold what it must not"),
        ("ledger_transfer", "its column flags may be empty"),
        ("core_auditrecord", "its column arrival has another default"),
        ("ledger_transfer", "its column arrival has another default"),
        ("ledger_account", "its column customer_id may name what is not in customers_customer"),
        ("metering_void", "two of its rows may have the same number"),
        ("ledger_failedtransfer", "two of its rows may have the same transfer_id and tenant_id"),
    ]


def test_each_guard_that_was_weakened_is_missed() -> None:
    _as_owner(
        "CREATE OR REPLACE TRIGGER append_only_billing_charge_delete BEFORE DELETE ON billing_charge "
        "FOR EACH ROW SET @refused = 1",
        "CREATE OR REPLACE TRIGGER append_only_billing_invoice_update BEFORE UPDATE ON billing_invoice "
        "FOR EACH ROW BEGIN IF NOT (NEW.id <=> OLD.id) THEN SIGNAL SQLSTATE '45000'; END IF; END",
        "CREATE OR REPLACE TRIGGER append_only_core_message_delete BEFORE UPDATE ON core_message "
        "FOR EACH ROW BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'append-only: core_message refuses DELETE'; END",
        "CREATE OR REPLACE TRIGGER ledger_keep_balances AFTER INSERT ON ledger_transfer FOR EACH ROW SET @kept = 1",
        "CREATE OR REPLACE TRIGGER append_only_ledger_transfer_insert BEFORE INSERT ON ledger_transfer FOR EACH ROW "
        "SET NEW.arrival = 7",
        "CREATE TRIGGER gift BEFORE INSERT ON ledger_transfer FOR EACH ROW SET NEW.amount = NEW.amount + 1",
        "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_limits, "
        "ADD CONSTRAINT ledger_account_limits CHECK (flags & 4 = 4 OR credits_posted <= debits_posted)",
        "ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_amount_rule, "
        "ADD CONSTRAINT ledger_transfer_amount_rule CHECK (amount >= 0)",
        "ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_kind, ADD CONSTRAINT ledger_transfer_kind CHECK ("
        "((flags & 12) = 0) = (pending_id IS NULL) AND timeout = 0 OR (flags & 2) = 2)",
        "ALTER TABLE ledger_failedtransfer DROP KEY ledger_failed_once, "
        "ADD UNIQUE KEY ledger_failed_once (transfer_id, tenant_id, id)",
    )
    assert list(guards.missing()) == [
        ("billing_charge", "its trigger append_only_billing_charge_delete does not do what it did"),
        ("billing_invoice", "its trigger append_only_billing_invoice_update does not do what it did"),
        ("core_message", "its trigger append_only_core_message_delete does not do what it did"),
        ("ledger_transfer", "its trigger append_only_ledger_transfer_insert does not do what it did"),
        ("ledger_transfer", "its trigger ledger_keep_balances does not do what it did"),
        ("ledger_transfer", "its trigger gift is not Daybook's"),
        ("ledger_account", "its constraint ledger_account_limits does not say what it did"),
        ("ledger_transfer", "its constraint ledger_transfer_kind does not say what it did"),
        ("ledger_transfer", "its constraint ledger_transfer_amount_rule does not say what it did"),
        ("ledger_failedtransfer", "two of its rows may have the same transfer_id and tenant_id"),
    ]


def test_rights_on_the_whole_database_are_too_much() -> None:
    database = settings.DATABASES["default"]["NAME"].replace("_", r"\_")
    _as_owner(f"GRANT SELECT, TRIGGER ON `{database}`.* TO {{application}}")
    assert list(guards.missing()) == [("all tables", "the application's role may TRIGGER")]


def test_the_owner_guards_nothing_by_rights() -> None:
    with speaking_as("DATABASE_OWNER_URL"):
        assert list(guards.missing()) == []
