"""Each check finds the fault it is there for. The books are bent in a transaction that is undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from core.access.scope import tenant_id
from core.integrity import Finding
from core.models import Tenant, new_id
from ledger import services
from ledger.chart import Code
from ledger.integrity import CHECKS
from ledger.transfers import TransferFlags
from tests.ledger.builders import (
    MARCH_1,
    bare_account,
    fresh_tenant,
    move,
    new_customer,
    opened,
    posted,
    settle,
    transfer,
)
from tests.support.corrupting import corrupted, without_checks

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture
def ids(books: Tenant) -> dict[str, UUID]:
    """100 pico-units between a receivable and revenue, 5 in a wallet."""
    acme = new_customer()
    receivable, revenue = opened(acme, Code.ACCOUNTS_RECEIVABLE), opened(acme, Code.REVENUE)
    wallet = opened(acme, Code.WALLET_PAID)
    booked = transfer(receivable, revenue, 100)
    posted(booked, transfer(receivable, wallet, 5))
    named = {"receivable": receivable, "revenue": revenue, "wallet": wallet}
    return {name: identity.id_in(tenant_id()) for name, identity in named.items()} | {"transfer": booked.id}


def findings() -> dict[str, tuple[Finding, ...]]:
    """By check name."""
    return {check.name: outcome.findings for check in CHECKS if (outcome := check.run()).findings}


@contextmanager
def bent(sql: str, *values: UUID) -> Iterator[None]:
    """The books as they are after a superuser ran this past the guards, each value in the place of a `%s`."""
    for value in values:
        sql = sql.replace("%s", f"'{value}'", 1)
    tables = ("ledger_account", "ledger_transfer", "ledger_pending", "ledger_expiry")
    with corrupted(*without_checks(*tables), sql):
        yield


def test_sound_books_have_no_findings(ids: dict[str, UUID]) -> None:
    """And each check says how much it looked at."""
    counted = {check.name: (outcome := check.run()) and (outcome.counted, outcome.unit) for check in CHECKS}
    assert findings() == {}
    assert counted == {
        "ledger.balanced": (1, "currencies"),
        "ledger.balances": (3, "accounts"),
        "ledger.transfers": (2, "transfers"),
        "ledger.kinds": (2, "transfers"),
        "ledger.customers": (3, "accounts"),
        "ledger.guards": (3, "accounts"),
        "ledger.pending": (0, "pending transfers and expiries"),
        "ledger.resolutions": (0, "transfers that post or void"),
        "ledger.closed": (3, "accounts"),
        "ledger.failed": (0, "failed ids"),
        "ledger.periods": (0, "accounting periods"),
        "ledger.recorded": (2, "transfers"),
    }


def test_a_tampered_balance_is_named_with_its_difference(ids: dict[str, UUID]) -> None:
    """Fault D9. The other side still stands, so the currency is out of balance too."""
    with bent(
        "UPDATE ledger_account SET debits_posted = debits_posted + 1000000000000 WHERE id = %s", ids["receivable"]
    ):
        found = findings()
    assert set(found) == {"ledger.balances", "ledger.balanced"}
    (account,), (currency,) = found["ledger.balances"], found["ledger.balanced"]
    assert account.subject == f"account {ids['receivable']} (1100 accounts receivable)"
    assert account.detail.endswith("debits posted by 1")
    assert (currency.subject, currency.detail) == ("EUR", "debits are 1.000000000105 and credits 0.000000000105")


@pytest.mark.parametrize("column", ["debits_posted", "credits_posted", "debits_pending", "credits_pending"])
def test_every_balance_is_compared(ids: dict[str, UUID], column: str) -> None:
    with bent(f"UPDATE ledger_account SET {column} = {column} + 1 WHERE id = %s", ids["revenue"]):
        assert [one.subject for one in findings()["ledger.balances"]] == [f"account {ids['revenue']} (4000 revenue)"]


@pytest.mark.postgresql("MariaDB's DECIMAL knows no NaN")
def test_a_balance_that_is_no_number_is_found(ids: dict[str, UUID]) -> None:
    with bent("UPDATE ledger_account SET debits_posted = 'NaN' WHERE id = %s", ids["receivable"]):
        assert "debits posted by NaN" in findings()["ledger.balances"][0].detail


@pytest.mark.parametrize(
    "sql", ["DELETE FROM ledger_transfer WHERE id = %s", "UPDATE ledger_transfer SET amount = 99 WHERE id = %s"]
)
def test_a_transfer_that_vanished_or_changed_shows_in_both_balances(ids: dict[str, UUID], sql: str) -> None:
    with bent(sql, ids["transfer"]):
        assert len(findings()["ledger.balances"]) == 2


@pytest.mark.parametrize(
    "check, change",
    [
        ("ledger.transfers", "debit_account_id = '01930000-0000-7000-8000-000000000000'"),
        ("ledger.transfers", "credit_account_id = '01930000-0000-7000-8000-000000000000'"),
        ("ledger.transfers", "credit_account_id = debit_account_id"),
        ("ledger.transfers", "ledger = 392"),
        ("ledger.kinds", "flags = 256"),
        ("ledger.kinds", "flags = 6"),
        ("ledger.kinds", "flags = 64"),
        ("ledger.kinds", "timeout = 1"),
        ("ledger.kinds", "timeout = -1"),
        ("ledger.kinds", "pending_id = '01930000-0000-7000-8000-000000000000'"),
    ],
)
def test_a_transfer_between_the_wrong_accounts_or_of_no_kind_is_named(
    ids: dict[str, UUID], check: str, change: str
) -> None:
    with bent(f"UPDATE ledger_transfer SET {change} WHERE id = %s", ids["transfer"]):
        assert [one.subject for one in findings()[check]] == [f"transfer {ids['transfer']}"]


def test_an_account_that_went_to_another_tenant_is_missed(ids: dict[str, UUID]) -> None:
    with bent("UPDATE ledger_account SET tenant_id = %s WHERE id = %s", new_id(), ids["revenue"]):
        assert [one.subject for one in findings()["ledger.transfers"]] == [f"transfer {ids['transfer']}"]


def test_an_account_of_another_tenants_customer_is_named(ids: dict[str, UUID]) -> None:
    with fresh_tenant():
        stranger = new_customer()
    with bent("UPDATE ledger_account SET customer_id = %s WHERE id = %s", stranger.id, ids["revenue"]):
        assert [one.subject for one in findings()["ledger.customers"]] == [f"account {ids['revenue']} (4000 revenue)"]


def test_an_overdrawn_wallet_is_named(ids: dict[str, UUID]) -> None:
    with bent("UPDATE ledger_account SET debits_posted = 7 WHERE id = %s", ids["wallet"]):
        (found,) = findings()["ledger.guards"]
    assert found.subject == f"account {ids['wallet']} (2100 wallet, paid credit)"
    assert found.detail == "a guarded account is overdrawn by 0.000000000002"


def test_another_tenants_faults_are_not_ours(ids: dict[str, UUID]) -> None:
    """Checks look at the tenant in scope."""
    with bent("UPDATE ledger_account SET debits_posted = 7 WHERE id = %s", ids["wallet"]), fresh_tenant():
        assert findings() == {}


@pytest.fixture
def held(books: Tenant) -> dict[str, UUID]:
    """One pending transfer of each fate: waiting (and closing), posted in part, voided, expired."""
    one, other, third = bare_account(), bare_account(), bare_account()
    late = move(one, other, 4, flags=TransferFlags.PENDING, timeout=60)
    partly, gone = (move(one, other, 5, flags=TransferFlags.PENDING) for _ in range(2))
    closing = move(third, other, 3, flags=TransferFlags.PENDING | TransferFlags.CLOSING_DEBIT, timeout=3600)
    posting = settle(partly, TransferFlags.POST_PENDING_TRANSFER, amount=2)
    void = settle(gone, TransferFlags.VOID_PENDING_TRANSFER)
    assert set(posted(late, partly, gone, closing, posting, void)) == {"created"}
    assert services.expire_pending(at=MARCH_1 + timedelta(seconds=60)) == 1
    named = {"late": late, "partly": partly, "gone": gone, "closing": closing, "posting": posting, "void": void}
    return {name: transfer.id for name, transfer in named.items()} | {"one": one, "other": other, "third": third}


def test_sound_pending_books_have_no_findings(held: dict[str, UUID]) -> None:
    counted = {check.name: (check.run().counted, check.run().unit) for check in CHECKS}
    assert findings() == {}
    assert counted["ledger.pending"] == (5, "pending transfers and expiries")
    assert counted["ledger.resolutions"] == (2, "transfers that post or void")


_EXPIRED = "INSERT INTO ledger_expiry (id, tenant_id, at) SELECT id, tenant_id, now() FROM ledger_pending WHERE id = %s"
_SET = "UPDATE ledger_pending SET {} WHERE id = %s"


@pytest.mark.parametrize(
    "sql, whose",
    [
        (_SET.format("state = 'voided'"), "partly"),
        (_SET.format("state = 'posted'"), "gone"),
        (_SET.format("state = 'pending', resolved_by = NULL, resolved_at = NULL"), "late"),
        (_SET.format("state = 'expired'"), "closing"),
        (_SET.format("resolved_at = resolved_at + interval '1 second'"), "partly"),
        (_SET.format("resolved_at = resolved_at + interval '1 second'"), "gone"),
        (_SET.format("resolved_at = resolved_at + interval '1 second'"), "late"),
        (_SET.format("expires_at = expires_at + interval '1 second'"), "closing"),
        (_SET.format("expires_at = NULL"), "closing"),
        (_SET.format("expires_at = now()"), "partly"),
        ("DELETE FROM ledger_pending WHERE id = %s", "closing"),
        ("UPDATE ledger_transfer SET timeout = 7 WHERE id = %s", "closing"),
        ("UPDATE ledger_transfer SET flags = 0 WHERE id = %s", "partly"),
        ("DELETE FROM ledger_expiry WHERE id = %s", "late"),
        (_EXPIRED, "closing"),
    ],
)
def test_a_pending_transfer_kept_otherwise_than_it_went_is_named(held: dict[str, UUID], sql: str, whose: str) -> None:
    """Its state, when it was settled, when it expires: each against the transfers and expiries."""
    with bent(sql, held[whose]):
        assert f"transfer {held[whose]}" in [one.subject for one in findings()["ledger.pending"]]


@pytest.mark.parametrize(
    "sql, whose, named",
    [
        (_SET.format("resolved_by = id"), "partly", "posting"),
        ("UPDATE ledger_transfer SET pending_id = NULL WHERE id = %s", "void", "void"),
        ("UPDATE ledger_transfer SET credit_account_id = debit_account_id WHERE id = %s", "posting", "posting"),
        ("DELETE FROM ledger_transfer WHERE id = %s", "gone", "void"),
    ],
)
def test_a_posting_without_its_pending_transfer_is_named(
    held: dict[str, UUID], sql: str, whose: str, named: str
) -> None:
    with bent(sql, held[whose]):
        assert [one.subject for one in findings()["ledger.resolutions"]] == [f"transfer {held[named]}"]


@pytest.mark.parametrize("whose", ["one", "third"])
def test_an_account_closed_or_open_against_its_transfers_is_named(held: dict[str, UUID], whose: str) -> None:
    with bent("UPDATE ledger_account SET closed = NOT closed WHERE id = %s", held[whose]):
        assert [one.subject for one in findings()["ledger.closed"]] == [f"account {held[whose]} (1 1)"]


def test_what_is_held_is_compared_with_what_is_pending(held: dict[str, UUID]) -> None:
    """On both sides of it."""
    with bent("UPDATE ledger_transfer SET amount = amount + 1 WHERE id = %s", held["closing"]):
        details = [one.detail.partition(": ")[2] for one in findings()["ledger.balances"]]
    assert sorted(details) == ["credits pending by -0.000000000001", "debits pending by -0.000000000001"]


@pytest.fixture
def failed(ids: dict[str, UUID]) -> UUID:
    """An id that failed for good: there was no such account."""
    missing = move(bare_account(), new_id(), 1)
    assert posted(missing) == ["credit_account_not_found"]
    return missing.id


_FAIL = "UPDATE ledger_failedtransfer SET transfer_id = {} WHERE transfer_id = %s"


def test_an_id_that_failed_and_was_posted_is_named(ids: dict[str, UUID], failed: UUID) -> None:
    with bent(_FAIL.format("%s"), ids["transfer"], failed):
        assert findings() == {
            "ledger.failed": (
                Finding(f"transfer {ids['transfer']}", "it failed by credit_account_not_found, and was posted"),
            )
        }


def test_an_id_that_failed_and_was_not_posted_is_sound(failed: UUID) -> None:
    assert findings() == {}
    assert {check.run().counted for check in CHECKS if check.name == "ledger.failed"} == {1}


def test_an_id_that_failed_here_may_be_another_tenants(failed: UUID) -> None:
    with fresh_tenant():
        one, other = bare_account(), bare_account()
        theirs = move(one, other, 1)
        assert posted(theirs) == ["created"]
    with bent(_FAIL.format("%s"), theirs.id, failed):
        assert findings() == {}
