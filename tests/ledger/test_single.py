"""The function that posts a single plain transfer with the owner's rights: what the triggers refuse, it refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from core import clock
from core.access.scope import tenant_id, tenant_scope
from core.db.ledger import guards, single
from core.db.transaction import atomic
from core.models import new_id
from customers.models import Customer
from ledger import periods, rows
from ledger.accounts import AccountIdentity, Balances
from ledger.chart import Code
from ledger.models import Transfer as TransferRow
from ledger.results import Result
from ledger.selectors import balances
from ledger.transfers import Transfer, TransferFlags
from tests.ledger.builders import (
    MARCH_1,
    bare_account,
    fresh_tenant,
    held,
    move,
    new_customer,
    opened,
    posted,
    transfer,
)
from tests.support.roles import speaking_as
from tests.support.waiting import until_somebody_waits
from tests.support.world import TESTER, instant

pytestmark = [pytest.mark.usefixtures("books"), pytest.mark.postgresql("MariaDB has no such function")]


def taken(one: Transfer, **changes: Any) -> bool:
    """Whether the function takes the transfer, right but for the changes, in a transaction that goes on."""
    with atomic():
        done = single.posted(rows.values(one, at=MARCH_1) | changes)
        assert TransferRow.objects.filter(pk=changes.get("id", one.id)).exists() == done
    return done


def test_both_balances_move_and_the_trigger_does_not_move_them_again(
    unbilled: AccountIdentity, revenue: AccountIdentity
) -> None:
    """Once, however often it is sent."""
    one = transfer(unbilled, revenue, 5)
    assert taken(one)
    with atomic():
        assert not single.posted(rows.values(one, at=MARCH_1))
    assert held(unbilled, revenue) == [Balances(debits_posted=5), Balances(credits_posted=5)]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": -1},
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": 2**128},
        {"ledger": 392},
        {"code": 0},
        {"id": UUID(int=0)},
        {"user_data_64": 2**64},
        {"user_data_32": -1},
        {"tenant_id": UUID(int=1)},
        {"debit_account_id": UUID(int=1)},
        {"credit_account_id": UUID(int=1)},
    ],
)
def test_what_is_wrong_by_itself_is_not_taken(
    unbilled: AccountIdentity, revenue: AccountIdentity, changes: dict[str, Any]
) -> None:
    """And moves nothing; what comes after it in the same transaction does."""
    one = transfer(unbilled, revenue, 5)
    with atomic():
        assert not single.posted(rows.values(one, at=MARCH_1) | changes)
        assert single.posted(rows.values(one, at=MARCH_1))
    assert held(unbilled, revenue) == [Balances(debits_posted=5), Balances(credits_posted=5)]


def test_neither_to_itself_nor_between_currencies_nor_tenants(acme: Customer, unbilled: AccountIdentity) -> None:
    """Whichever side is the stranger."""
    own = unbilled.id_in(tenant_id())
    yen = opened(acme, Code.REVENUE, currency_code="JPY").id_in(tenant_id())
    with fresh_tenant() as other:
        foreign = opened(new_customer(), Code.REVENUE).id_in(other.id)
    for stranger in (own, yen, foreign):
        assert not taken(move(own, stranger, 5, ledger=978))
        assert not taken(move(stranger, own, 5, ledger=978))
    assert set(balances([own, yen]).values()) == {Balances()}


def test_what_a_guard_refuses_is_not_taken(unbilled: AccountIdentity, wallet: AccountIdentity) -> None:
    """To the last unit."""
    assert taken(transfer(unbilled, wallet, 5))
    assert not taken(transfer(wallet, unbilled, 6))
    assert taken(transfer(wallet, unbilled, 5))
    assert not taken(transfer(wallet, unbilled, 1))


def test_neither_into_nor_out_of_a_closed_account() -> None:
    """Until what closed it is voided."""
    closed, other = bare_account(), bare_account()
    closing = TransferFlags.PENDING | TransferFlags.CLOSING_DEBIT
    posted(move(closed, other, 0, flags=closing))
    assert not taken(move(closed, other, 5))
    assert not taken(move(other, closed, 5))


def test_not_into_a_closed_period(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """It is booked in open time, by whoever asks the judge."""
    periods.open_period(month="2026-02", actor=TESTER)
    clock.advance(to=instant("2026-03-15"), actor=TESTER)
    periods.close(month="2026-02", reason="done", actor=TESTER)
    assert not taken(transfer(unbilled, revenue, 5), effective_at=MARCH_1 - timedelta(days=1))
    assert taken(transfer(unbilled, revenue, 5))


def test_no_id_that_is_spent(unbilled: AccountIdentity, revenue: AccountIdentity, wallet: AccountIdentity) -> None:
    """What failed stays failed."""
    failing = transfer(wallet, revenue, 5)
    assert posted(failing) == [Result.EXCEEDS_CREDITS]
    assert not taken(transfer(unbilled, revenue, 5, id=failing.id))
    assert held(unbilled) == [Balances()]


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_not_by_an_old_view_of_the_books(unbilled: AccountIdentity, revenue: AccountIdentity, level: str) -> None:
    """A period may have been closed since, or the id spent."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level}")
    try:
        assert not taken(transfer(unbilled, revenue, 5))
    finally:
        connection.close()


@pytest.mark.parametrize("after", ["posted", "refused"])
def test_who_calls_it_may_not_write_balances_afterwards(
    unbilled: AccountIdentity, revenue: AccountIdentity, after: str
) -> None:
    """What it says while it posts, it takes back."""
    one = transfer(unbilled, revenue, 5)
    with atomic():
        assert single.posted(rows.values(one, at=MARCH_1) | {"id": new_id()})
        if after == "refused":
            assert not single.posted(rows.values(one, at=MARCH_1) | {"code": 0})
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('search_path') LIKE '%posting%', ledger_is_posting()")
            assert cursor.fetchone() == (False, False)


def test_saying_that_one_posts_is_not_enough(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """The application may say it, too; but it has not the owner's rights, so the triggers do as they always do."""
    with connection.cursor() as cursor:
        cursor.execute(guards.POSTING)
    try:
        with atomic():
            rows.insert_transfers([transfer(unbilled, revenue, 5)], at=MARCH_1)
    finally:
        connection.close()
    assert held(unbilled, revenue) == [Balances(debits_posted=5), Balances(credits_posted=5)]


def test_the_owner_is_believed_while_a_trigger_posts_and_no_longer(
    unbilled: AccountIdentity, revenue: AccountIdentity
) -> None:
    """What the owner inserts afterwards in the same transaction moves its balances, too."""
    with speaking_as("DATABASE_OWNER_URL"), atomic():
        for _ in range(2):
            rows.insert_transfers([transfer(unbilled, revenue, 5)], at=MARCH_1)
    assert held(unbilled, revenue) == [Balances(debits_posted=10), Balances(credits_posted=10)]


def test_it_uses_nothing_that_a_session_has_of_the_same_name(
    unbilled: AccountIdentity, revenue: AccountIdentity
) -> None:
    """Neither tables nor functions nor operators."""
    tables = ("ledger_account", "ledger_transfer", "ledger_accountingperiod", "ledger_failedtransfer")
    with speaking_as("DATABASE_SUPERUSER_URL"), connection.cursor() as cursor:
        cursor.execute(_SHADOWS)
    try:
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM public.{table}")
            cursor.execute("SET search_path = shadows, pg_temp, public, pg_catalog")
            cursor.execute("SELECT 1::numeric + 1, 6 & 3")
            assert cursor.fetchone() == (99, 0)
        with atomic():
            assert single.posted(rows.values(transfer(unbilled, revenue, 5), at=MARCH_1))
    finally:
        connection.close()
        with speaking_as("DATABASE_SUPERUSER_URL"), connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA shadows CASCADE")
    assert held(unbilled, revenue) == [Balances(debits_posted=5), Balances(credits_posted=5)]


_SHADOWS = """
CREATE SCHEMA shadows; GRANT USAGE ON SCHEMA shadows TO PUBLIC;
CREATE FUNCTION shadows.always(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR shadows.= (leftarg = text, rightarg = text, function = shadows.always);
CREATE FUNCTION shadows.none(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT 0';
CREATE OPERATOR shadows.& (leftarg = integer, rightarg = integer, function = shadows.none);
CREATE FUNCTION shadows.much(numeric, numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 99::numeric';
CREATE OPERATOR shadows.+ (leftarg = numeric, rightarg = numeric, function = shadows.much);
CREATE FUNCTION shadows.less(numeric, numeric) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR shadows.<= (leftarg = numeric, rightarg = numeric, function = shadows.less)
"""


def test_a_period_is_not_closed_before_whoever_waits_has_posted(
    unbilled: AccountIdentity, revenue: AccountIdentity
) -> None:
    """Who posts passes the gate before asking which periods are closed, and waiting for accounts comes after that."""
    periods.open_period(month="2026-02", actor=TESTER)
    clock.advance(to=instant("2026-03-15"), actor=TESTER)
    one = transfer(unbilled, revenue, 5, effective_at=MARCH_1 - timedelta(days=1))
    tenant = tenant_id()

    def post_one() -> bool:
        try:
            with tenant_scope(tenant):
                return taken(one)
        finally:
            connection.close()

    def close() -> None:
        try:
            with tenant_scope(tenant):
                periods.close(month="2026-02", reason="done", actor=TESTER)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=2) as pool:
        with atomic():
            rows.locked_accounts({unbilled.id_in(tenant)})
            posting = pool.submit(post_one)
            until_somebody_waits()
            closing = pool.submit(close)
            with pytest.raises(TimeoutError):
                closing.result(timeout=1)
        assert posting.result(timeout=60)
        closing.result(timeout=60)
