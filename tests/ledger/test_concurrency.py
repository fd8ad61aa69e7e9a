"""Real processes posting at once: no deadlock, no overdraft, nothing twice."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection

from core.access.scope import tenant_id, tenant_scope
from core.db.transaction import atomic
from customers.models import Customer
from ledger.accounts import AccountIdentity, Balances
from ledger.chart import Code
from ledger.results import Result
from ledger.services import post
from ledger.transfers import Transfer
from tests.ledger.builders import MARCH_1, held, opened, posted, transfer

pytestmark = pytest.mark.usefixtures("books")
Batches = list[list[Transfer]]
_EXPECTED = {Result.CREATED, Result.EXISTS, Result.EXCEEDS_CREDITS}


def _post_each(tenant: UUID, batches: Batches) -> None:
    with tenant_scope(tenant):
        for batch in batches:
            with atomic():
                results = post(batch, at=MARCH_1)
            assert set(results) <= _EXPECTED
    connection.close()


def in_processes(*works: Batches) -> None:
    """Runs each list of batches in a process of its own, all at once."""
    connection.close()  # a connection can't be shared with a child
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_post_each, args=(tenant_id(), work)) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0] * len(works)


def test_there_and_back_at_once_without_a_deadlock(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """Accounts are locked in the order of their ids, whichever is debited (fault D4)."""
    there = [[transfer(unbilled, revenue, 2)] for _ in range(300)]
    back = [[transfer(revenue, unbilled, 2)] for _ in range(300)]
    in_processes(there, back)
    assert held(unbilled, revenue) == [Balances(debits_posted=600, credits_posted=600)] * 2


def test_four_at_once_draw_no_more_than_there_is(unbilled: AccountIdentity, wallet: AccountIdentity) -> None:
    """Money for ten of forty draws: exactly ten succeed."""
    posted(transfer(unbilled, wallet, 10))
    in_processes(*([[transfer(wallet, unbilled, 1)] for _ in range(10)] for _ in range(4)))
    assert held(wallet) == [Balances(debits_posted=10, credits_posted=10)]


def test_the_same_transfer_from_four_processes_is_posted_once(
    unbilled: AccountIdentity, revenue: AccountIdentity
) -> None:
    """Whoever comes second is told that it exists."""
    batches = [[transfer(unbilled, revenue, 1)] for _ in range(50)]
    in_processes(*[batches] * 4)
    assert held(unbilled) == [Balances(debits_posted=50)]


def _post_beside(tenant: UUID, one: Transfer) -> list[Result]:
    try:
        with tenant_scope(tenant):
            return posted(one)
    finally:
        connection.close()


def _until_somebody_waits_for_us() -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    pytest.fail("nobody waits")


def test_a_lost_race_is_named(
    unbilled: AccountIdentity, revenue: AccountIdentity, wallet: AccountIdentity, acme: Customer
) -> None:
    """The same id between other accounts, whose locks don't meet: the second waits at the id, and is told the truth."""
    first = transfer(unbilled, revenue, 5)
    second = transfer(opened(acme, Code.BANK), wallet, 5, id=first.id)
    with ThreadPoolExecutor(max_workers=1) as pool:
        with atomic():
            assert post([first], at=MARCH_1) == [Result.CREATED]
            racing = pool.submit(_post_beside, tenant_id(), second)
            _until_somebody_waits_for_us()
        assert racing.result(timeout=60) == [Result.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID]
