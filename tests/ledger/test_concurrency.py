"""Real processes posting at once: no deadlock, no overdraft, nothing twice."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import accumulate, permutations
from random import Random
from threading import Event
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.db.models import Q

from core.access.scope import tenant_id, tenant_scope
from core.db.transaction import atomic
from core.models import new_id
from customers.models import Customer
from ledger.accounts import AccountIdentity, Balances
from ledger.chart import AccountFlags, Code
from ledger.models import Transfer as TransferRow
from ledger.results import Result
from ledger.selectors import balances
from ledger.services import create_transfers, expire_pending, post
from ledger.transfers import Transfer, TransferFlags
from tests.ledger.builders import MARCH_1, bare_account, held, move, new_customer, opened, posted, settle, transfer
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


def test_batches_over_the_same_accounts_in_any_order_do_not_deadlock() -> None:
    """Whatever comes first in a batch: the database locks accounts in the order of their ids, guarded or not."""
    acme = new_customer()
    codes = (Code.ACCOUNTS_RECEIVABLE, Code.UNBILLED_RECEIVABLE, Code.REVENUE, Code.DEFERRED_REVENUE, Code.WALLET_PAID)
    accounts = [opened(acme, code) for code in codes]
    *rich, wallet = accounts
    posted(*[transfer(one, wallet, 10**9) for one in rich])

    def batch(chance: Random) -> list[Transfer]:
        pairs = list(permutations(accounts, 2))
        chance.shuffle(pairs)
        return [transfer(debit, credit, 1) for debit, credit in pairs]

    in_processes(*([batch(Random(f"{process} {n}")) for n in range(60)] for process in range(3)))
    assert len({balance.debits_posted for balance in held(*rich)}) == 1


def test_batches_of_two_do_not_deadlock(acme: Customer) -> None:
    """They are one statement, too: two would each lock in an order of its own."""
    codes = (Code.ACCOUNTS_RECEIVABLE, Code.UNBILLED_RECEIVABLE, Code.REVENUE, Code.DEFERRED_REVENUE)
    a, b, c, d = (opened(acme, code) for code in codes)
    with deadlocks_forbidden():
        in_processes(
            [[transfer(a, b, 1), transfer(c, d, 1)] for _ in range(300)],
            [[transfer(c, d, 1), transfer(a, b, 1)] for _ in range(300)],
        )
    assert held(a, c) == [Balances(debits_posted=600)] * 2


def test_batches_of_several_ledgers_do_not_deadlock() -> None:
    """Nor those that are not of one ledger, which the database moves in another way."""
    ours, theirs = ([bare_account(ledger=ledger) for _ in range(4)] for ledger in (1, 2))

    def batch(chance: Random) -> list[Transfer]:
        pairs = [(*pair, ledger) for ledger, accounts in ((1, ours), (2, theirs)) for pair in permutations(accounts, 2)]
        chance.shuffle(pairs)
        return [move(debit, credit, 1, ledger=ledger) for debit, credit, ledger in pairs]

    with deadlocks_forbidden():
        in_processes(*([batch(Random(f"{process} {n}")) for n in range(60)] for process in range(3)))
    assert {one.debits_posted for one in balances([*ours, *theirs]).values()} == {540}


def test_single_transfers_and_batches_on_guarded_accounts_do_not_deadlock() -> None:
    """Whichever has the smaller id; and in the order of recording no guarded account is ever overdrawn."""
    guarded = [bare_account(_GUARDED) for _ in range(3)]
    pairs = list(permutations([*guarded, *(bare_account() for _ in range(3))], 2))

    def batches(chance: Random) -> list[list[Transfer]]:
        sizes = (chance.choice((1, 1, 1, 2, 8)) for _ in range(150))
        return [[move(*chance.choice(pairs), chance.randint(1, 6)) for _ in range(size)] for size in sizes]

    with deadlocks_forbidden():
        in_processes(*(batches(Random(f"process {number}")) for number in range(3)))
    for account in guarded:
        moved = TransferRow.objects.filter(Q(debit_account_id=account) | Q(credit_account_id=account))
        signed = [
            amount if credited == account else -amount
            for credited, amount in moved.order_by("ordinal").values_list("credit_account_id", "amount")
        ]
        assert min(accumulate(signed), default=0) >= 0
        assert sum(signed) == balances([account])[account].credits_posted - balances([account])[account].debits_posted


def create_each(batches: list[list[str]], debit: str, credit: str) -> list[str]:
    """What became of the first of each batch; ids are given. Run in a process."""
    sides = UUID(debit), UUID(credit)
    return [str(create_transfers([move(*sides, 1, id=UUID(one)) for one in batch], at=MARCH_1)[0]) for batch in batches]


def test_an_id_that_is_posted_alone_and_in_a_batch_at_once_is_posted_once() -> None:
    """The database may have to undo one of the two; it is tried again, and told that the id exists."""
    debit, credit = bare_account(), bare_account()
    firsts = [str(new_id()) for _ in range(60)]
    alone = [[one] for one in firsts]
    among_others = [[one, *(str(new_id()) for _ in range(20))] for one in firsts]
    sides = {"debit": str(debit), "credit": str(credit)}
    told = at_once(create_each, {"batches": alone, **sides}, {"batches": among_others, **sides})
    assert {tuple(sorted(both)) for both in zip(*told, strict=True)} == {("created", "exists")}
    assert balances([debit])[debit].debits_posted == 60 * 21


_GUARDED = AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS.value


@contextmanager
def deadlocks_forbidden() -> Iterator[None]:
    before = _deadlocks()
    yield
    assert _deadlocks() == before


def _deadlocks() -> int:
    """How many this database has had to break."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


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


@pytest.mark.postgresql("MariaDB reads a small table whole to lock some of its rows, and waits for all of them")
def test_lost_races_are_named_however_many_there_are() -> None:
    """Each try may meet the next id that somebody else has just posted."""
    theirs, mine = [(bare_account(), bare_account()) for _ in range(2)], (bare_account(), bare_account())
    one, other = (move(*accounts, 5) for accounts in theirs)
    batch = [move(*mine, 5, id=one.id, flags=TransferFlags.PENDING), move(*mine, 5, id=other.id)]
    posted_other, may_commit = Event(), Event()

    def post_other(tenant: UUID) -> None:
        with tenant_scope(tenant), atomic():
            post([other], at=MARCH_1)
            posted_other.set()
            may_commit.wait(timeout=60)
        connection.close()

    with ThreadPoolExecutor(max_workers=2) as pool:
        holding = pool.submit(post_other, tenant_id())
        assert posted_other.wait(timeout=60)
        with atomic():
            assert post([one], at=MARCH_1) == [Result.CREATED]
            racing = pool.submit(_post_all_beside, tenant_id(), batch)
            until_somebody_waits()
        until_somebody_waits()
        may_commit.set()
        holding.result(timeout=60)
        assert racing.result(timeout=60) == [
            Result.EXISTS_WITH_DIFFERENT_FLAGS,
            Result.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID,
        ]


def _post_all_beside(tenant: UUID, batch: list[Transfer]) -> list[Result]:
    try:
        with tenant_scope(tenant):
            return posted(*batch)
    finally:
        connection.close()


@pytest.mark.parametrize("beside", [0, 1, 2])
def test_an_id_that_is_spent_meanwhile_is_not_posted(
    unbilled: AccountIdentity, revenue: AccountIdentity, wallet: AccountIdentity, beside: int
) -> None:
    """Whoever waits for an account looks at the ids again: they may have been spent by whom it waited for."""
    failing = transfer(wallet, revenue, 5)
    batch = [transfer(unbilled, revenue, 5, id=failing.id), *(transfer(unbilled, revenue, 1) for _ in range(beside))]
    with ThreadPoolExecutor(max_workers=1) as pool:
        with atomic():
            assert post([failing], at=MARCH_1) == [Result.EXCEEDS_CREDITS]
            racing = pool.submit(_post_all_beside, tenant_id(), batch)
            until_somebody_waits()
        assert racing.result(timeout=60) == [Result.ID_ALREADY_FAILED, *[Result.CREATED] * beside]
