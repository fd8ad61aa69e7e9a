"""Real processes posting at once: no deadlock, no overdraft, nothing twice."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection

from core.access.scope import tenant_id, tenant_scope
from core.db.transaction import atomic
from core.models import new_id
from customers.models import Customer
from ledger.accounts import AccountIdentity, Balances
from ledger.chart import Code
from ledger.models import Transfer as TransferRow
from ledger.results import Result
from ledger.services import create_transfers, expire_pending, post
from ledger.transfers import Transfer, TransferFlags
from tests.ledger.builders import MARCH_1, held, opened, posted, settle, transfer
from tests.support.processes import at_once
from tests.support.waiting import until_somebody_waits

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
    there = [[transfer(unbilled, revenue, 2)] for _ in range(1000)]
    back = [[transfer(revenue, unbilled, 2)] for _ in range(1000)]
    in_processes(there, back)
    assert held(unbilled, revenue) == [Balances(debits_posted=2000, credits_posted=2000)] * 2


def test_eight_at_once_draw_no_more_than_there_is(unbilled: AccountIdentity, wallet: AccountIdentity) -> None:
    """Money for ten of fifty draws: exactly ten succeed."""
    posted(transfer(unbilled, wallet, 10))
    draws = [[transfer(wallet, unbilled, 1)] for _ in range(50)]
    in_processes(*(draws[first::8] for first in range(8)))
    assert held(wallet) == [Balances(debits_posted=10, credits_posted=10)]
    assert TransferRow.objects.filter(debit_account_id=wallet.id_in(tenant_id())).count() == 10


def settle_each(pending: list[str], flag: int, own: list[str]) -> list[str]:
    """What became of the post or void of each; its ids are given. Run in a process."""
    moves = [
        settle(Transfer(**_NOBODY, id=UUID(one)), TransferFlags(flag), id=UUID(mine))
        for one, mine in zip(pending, own, strict=True)
    ]
    return [str(create_transfers([one], at=MARCH_1)[0]) for one in moves]


_NOBODY: dict[str, Any] = {
    "debit_account_id": UUID(int=0),
    "credit_account_id": UUID(int=0),
    "amount": 0,
    "ledger": 0,
    "code": 0,
    "effective_at": MARCH_1,
    "journal_id": UUID(int=9),
}


def test_of_two_that_settle_one_pending_transfer_one_wins(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """One process posts, one voids, one posts again: each transfer is settled once, and the losers are told how."""
    held_back = [transfer(unbilled, revenue, 1) for _ in range(40)]
    held_back = [msgspec.structs.replace(one, flags=TransferFlags.PENDING.value) for one in held_back]
    posted(*held_back)
    post_it, void_it = TransferFlags.POST_PENDING_TRANSFER.value, TransferFlags.VOID_PENDING_TRANSFER.value
    pending = [str(one.id) for one in held_back]
    calls = [
        {"pending": pending, "flag": flag, "own": [str(new_id()) for _ in pending]}
        for flag in (post_it, void_it, post_it)
    ]
    outcomes = list(zip(*at_once(settle_each, *calls), strict=True))
    posts = 0
    for outcome in outcomes:
        assert outcome.count("created") == 1
        winner = outcome.index("created")
        told = "pending_transfer_already_voided" if winner == 1 else "pending_transfer_already_posted"
        assert set(outcome) == {"created", told}
        posts += winner != 1
    assert held(unbilled, revenue) == [Balances(debits_posted=posts), Balances(credits_posted=posts)]


def expire_all(at: str) -> int:
    """How many were expired here. Run in a process."""
    return expire_pending(at=datetime.fromisoformat(at))


def test_what_several_expire_at_once_is_given_back_once(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """Time-outs are nobody's in particular: the relay, and whoever posts next."""
    held_back = [
        msgspec.structs.replace(transfer(unbilled, revenue, 1), flags=TransferFlags.PENDING.value, timeout=1)
        for _ in range(60)
    ]
    posted(*held_back)
    later = (MARCH_1 + timedelta(seconds=1)).isoformat()
    assert sum(at_once(expire_all, *[{"at": later}] * 3)) == 60
    assert held(unbilled, revenue) == [Balances(), Balances()]


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
            until_somebody_waits()
        assert racing.result(timeout=60) == [Result.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID]
