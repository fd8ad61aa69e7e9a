"""Sound books have no findings, and each check says how much it looked at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

import core.journal_integrity
from billing.models import Rendition, Series
from config.verification import verify
from core.access import services as access
from core.access.scope import tenant_scope
from core.db import guards
from core.db.snapshot import snapshot
from core.integrity import Check
from core.models import AuditRecord, Tenant
from tests.support import world
from tests.support.corrupting import corrupted
from tests.support.verifying import findings, verify_books

COUNTED = {
    "ledger.balanced": (1, "currencies"),
    "ledger.balances": (20, "accounts"),
    "ledger.transfers": (50, "transfers"),
    "ledger.kinds": (50, "transfers"),
    "ledger.customers": (20, "accounts"),
    "ledger.guards": (20, "accounts"),
    "ledger.pending": (0, "pending transfers and expiries"),
    "ledger.resolutions": (0, "transfers that post or void"),
    "ledger.closed": (20, "accounts"),
    "ledger.failed": (0, "failed ids"),
    "ledger.periods": (0, "accounting periods"),
    "ledger.recorded": (50, "transfers"),
    "customers.parties": (6, "frozen parties"),
    "contracts.amendments": (5, "amendments"),
    "contracts.plans": (2, "plan versions"),
    "metering.batches": (4, "batches"),
    "metering.events": (92, "events"),
    "metering.meters": (1, "meters"),
    "metering.voids": (1, "voids"),
    "customers.marks": (2, "trees"),
    "customers.claims": (4, "claims"),
    "billing.due": (2, "billed trees"),
    "billing.transfers": (34, "charges"),
    "billing.keys": (24, "charge keys"),
    "contracts.periods": (10, "billed periods"),
    "billing.periods": (24, "charge keys"),
    "billing.claims": (33, "claims"),
    "billing.unbilled": (3, "accounts"),
    "billing.carried": (1, "charges on no document"),
    "billing.numbers": (6, "documents"),
    "billing.documents": (6, "documents"),
    "billing.totals": (6, "documents"),
    "billing.receivables": (6, "documents"),
    "billing.lines": (29, "lines"),
    "billing.runs": (3, "runs"),
    "billing.states": (6, "documents"),
    "payments.cash": (3, "payments"),
    "payments.applied": (3, "payments"),
    "core.deliveries": (1, "deliveries"),
    "core.api_keys": (1, "API keys"),
    "customers.trees": (3, "customers"),
    "contracts.claims": (1, "claims of subscriptions"),
}


def test_sound_books_have_no_findings(sound_books: Tenant) -> None:
    results = verify()
    assert [(check.name, outcome.findings) for check, outcome in results if outcome.findings] == []
    counted = {check.name: (outcome.counted, outcome.unit) for check, outcome in results}
    printed = Rendition.objects.count()
    assert counted == COUNTED | {
        "billing.renditions": (printed, f"renditions, {printed} of them rendered again"),
        "core.guards": (len(guards.append_only()), "tables"),
        "core.messages": (AuditRecord.objects.count(), "operations"),
        "core.seals": (0, "sealed rows"),
        "core.references": (len(core.journal_integrity._tenant_references()), "kinds of reference"),
    }


def test_every_foreign_key_between_tenants_rows_is_looked_at(sound_books: Tenant) -> None:
    fields = {str(field) for field in core.journal_integrity._tenant_references()}
    assert {"ledger.Account.customer", "billing.Claim.charge", "payments.Payment.invoice"} < fields
    assert len(fields) > 40


def test_everything_that_is_never_changed_is_guarded(sound_books: Tenant) -> None:
    tables = {"ledger_transfer", "core_auditrecord", "contracts_amendmentrow", "metering_event", "billing_invoice"}
    assert tables < set(guards.append_only())


def test_the_checks_come_in_the_order_of_their_rules(sound_books: Tenant) -> None:
    rules = [check.rule for check, _ in verify()]
    assert rules == sorted(rules)


def test_nothing_is_asked_about_what_is_not_there(fresh_books: Tenant) -> None:
    """A tenant without books costs a handful of statements, and each check still says what it would look at."""
    with CaptureQueriesContext(connection) as asked:
        results = verify()
    assert len(asked) < 19
    assert {check.name: outcome.unit for check, outcome in results}.items() >= {
        (name, unit) for name, (_, unit) in COUNTED.items()
    }
    assert [outcome.findings for _, outcome in results if outcome.findings] == []


def test_another_tenants_faults_are_not_ours(sound_books: Tenant, neighbor: Tenant) -> None:
    with corrupted(f"DELETE FROM billing_claim WHERE tenant_id = '{sound_books.id}'"), tenant_scope(neighbor.id):
        assert findings() == {}


@pytest.mark.postgresql("elsewhere DDL can't be undone")
def test_a_check_that_fails_has_found_something(sound_books: Tenant) -> None:
    """What was tampered with may raise anything; the other checks go on, also after the database itself refused."""
    with corrupted(
        "ALTER TABLE payments_payment RENAME TO gone",
        f"UPDATE billing_series SET last = 9 WHERE tenant_id = '{sound_books.id}'",
    ):
        found = findings()
    of_the_table = {"payments.cash", "payments.applied", "core.references", "core.guards", "core.seals"}
    assert found.keys() == of_the_table | {"billing.numbers"}
    (told,) = found["payments.cash"]
    assert told.subject == "payments.cash"
    assert told.detail.startswith("can't be answered: ProgrammingError: ")


def test_checks_see_one_moment_of_the_books(books: Tenant) -> None:
    """What others do while the checks run is in none of them, so nothing seems to be half there."""
    operations = AuditRecord.objects.count()

    def rename(check: Check) -> None:
        if check.name == "core.messages":
            with ThreadPoolExecutor() as another:
                another.submit(_rename, books).result()

    outcomes = {check.name: outcome for check, outcome in verify(begun=rename)}
    assert outcomes["core.messages"].counted == operations
    assert AuditRecord.objects.count() == operations + 1


def _rename(tenant: Tenant) -> None:
    access.change_tenant(tenant=tenant, name="Renamed", time_zone="UTC", metadata={}, actor=world.TESTER)
    connection.close()


def test_nothing_is_written_meanwhile(sound_books: Tenant) -> None:
    with snapshot(), pytest.raises(DatabaseError, match=r"(?i)read.only transaction"):
        Series.objects.update(last=9)


def test_a_test_is_told_what_does_not_verify(sound_books: Tenant) -> None:
    with (
        corrupted(f"UPDATE billing_series SET last = 9 WHERE tenant_id = '{sound_books.id}'"),
        pytest.raises(
            pytest.fail.Exception, match=r"the books do not verify\n  billing.numbers: series invoice of seller"
        ),
    ):
        verify_books()
