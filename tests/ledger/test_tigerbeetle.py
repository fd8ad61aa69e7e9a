"""TigerBeetle's calls on the books: accounts of no customer, ids, queries, time-outs, and what a tenant can't reach."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.core.management import call_command

from core import clock
from core.access.scope import tenant_id
from core.db import arrivals, bulk
from core.db.transaction import atomic
from core.errors import InvalidValue
from core.models import Tenant, new_id
from customers.models import Customer
from ledger import rows, selectors
from ledger.accounts import LAST_ID, NO_ID, AccountIdentity, AccountRecord, AccountState, Balances
from ledger.chart import AccountFlags, Code
from ledger.filters import AccountFilter, QueryFilter
from ledger.models import Account, FailedTransfer
from ledger.services import (
    IdTaken,
    PostingRefused,
    create_accounts,
    create_transfers,
    expire_every_tenant,
    open_accounts,
    post,
    post_all,
)
from ledger.statements import statement
from ledger.transfers import Transfer, TransferFlags, reverse
from tests.ledger.builders import (
    APRIL_1,
    MARCH_1,
    bare_account,
    fresh_tenant,
    held,
    move,
    new_customer,
    opened,
    posted,
    settle,
    transfer,
)
from tests.metering.crowd import meanwhile

pytestmark = pytest.mark.usefixtures("books")
_PENDING = TransferFlags.PENDING
_GUARDED = AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS
_ACCOUNT = AccountRecord(id=UUID(int=1), ledger=1, code=1)


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"timestamp": MARCH_1}, "timestamp_must_be_zero"),
        ({"flags": AccountFlags.IMPORTED}, "reserved_flag"),
        ({"flags": 64}, "reserved_flag"),
        ({"id": NO_ID}, "id_must_not_be_zero"),
        ({"id": LAST_ID}, "id_must_not_be_int_max"),
        ({"flags": 6}, "flags_are_mutually_exclusive"),
        ({"debits_pending": 1}, "debits_pending_must_be_zero"),
        ({"debits_posted": 1}, "debits_posted_must_be_zero"),
        ({"credits_pending": 1}, "credits_pending_must_be_zero"),
        ({"credits_posted": 1}, "credits_posted_must_be_zero"),
        ({"ledger": 0}, "ledger_must_not_be_zero"),
        ({"code": 0}, "code_must_not_be_zero"),
    ],
)
def test_an_accounts_fault_is_named(fields: dict[str, object], expected: str) -> None:
    """In this order; none of them is opened."""
    wrong = msgspec.structs.replace(_ACCOUNT, **{"id": new_id()} | fields)
    assert create_accounts([wrong], at=MARCH_1) == [expected]
    assert not Account.objects.exists()


def test_an_account_is_created_once_and_every_field_comes_back() -> None:
    """Whole unsigned ranges; replayed it exists, changed it says in what."""
    full = AccountRecord(
        id=new_id(),
        ledger=2**32 - 1,
        code=2**16 - 1,
        flags=_GUARDED | AccountFlags.HISTORY,
        user_data_128=LAST_ID,
        user_data_64=2**64 - 1,
        user_data_32=2**32 - 1,
    )
    assert create_accounts([full, full], at=MARCH_1) == ["created", "exists"]
    assert selectors.lookup_accounts([full.id]) == [msgspec.structs.replace(full, timestamp=MARCH_1)]
    changes = {"flags": 0, "user_data_128": None, "user_data_64": 0, "user_data_32": 0, "ledger": 1, "code": 1}
    others = [msgspec.structs.replace(full, **{field: value}) for field, value in changes.items()]
    assert create_accounts(others, at=MARCH_1) == [f"exists_with_different_{field}" for field in changes]


def test_every_field_of_a_transfer_comes_back() -> None:
    """Whole unsigned ranges, and no more."""
    full = move(bare_account(), bare_account(), 2**128 - 1, flags=_PENDING, timeout=2**32 - 1, code=2**16 - 1)
    full = msgspec.structs.replace(full, user_data_128=LAST_ID, user_data_64=2**64 - 1, user_data_32=2**32 - 1)
    assert create_transfers([full, full], at=MARCH_1) == ["created", "exists"]
    (found,) = selectors.lookup_transfers([full.id])
    assert all(getattr(found, field) == getattr(full, field) for field in full.__struct_fields__)
    for field, bits in (("user_data_64", 64), ("user_data_32", 32), ("timeout", 32), ("ledger", 32), ("code", 16)):
        with pytest.raises(ValueError, match=f"{field} is an unsigned {bits}-bit integer"):
            msgspec.structs.replace(full, **{field: 2**bits})


def test_an_account_without_a_customer_meets_those_of_its_currency(acme: Customer) -> None:
    """Ledger 978 is the euro's, whoever opened the account; the trial balance stays even."""
    euro, revenue = bare_account(ledger=978), opened(acme, Code.REVENUE)
    assert posted(move(euro, revenue.id_in(tenant_id()), 7, ledger=978)) == ["created"]
    assert selectors.trial_balance().totals() == {"EUR": (7, 7)}


def test_a_ledger_without_a_currency_is_in_the_trial_balance() -> None:
    """Each by its number, as exports name it, with the decimals that it has."""
    posted(move(bare_account(), bare_account(), 10**12))
    posted(move(bare_account(ledger=2), bare_account(ledger=2), 3, ledger=2))
    tenant = Tenant.objects.get(pk=tenant_id())
    out = StringIO()
    call_command("trial_balance", "--tenant", tenant.key, "--json", stdout=out)
    rows = json.loads(out.getvalue())["rows"]
    assert [(row["currency"], row["debits"], row["credits"]) for row in rows] == [
        ("L1", "1", "1"),
        ("L2", "0.000000000003", "0.000000000003"),
    ]
    for asked in ({}, {"as_of": APRIL_1}):
        assert selectors.trial_balance(**asked).totals() == {"L1": (10**12, 10**12), "L2": (3, 3)}


def test_nobody_takes_the_id_of_an_identity(acme: Customer) -> None:
    """Else billing would book on a stranger's account."""
    identity = AccountIdentity(acme.id, "EUR", Code.REVENUE)
    taken = AccountRecord(id=identity.id_in(tenant_id()), ledger=978, code=4000)
    assert create_accounts([taken], at=MARCH_1) == ["created"]
    with pytest.raises(IdTaken):
        open_accounts([identity])


def test_no_account_is_opened_for_a_stranger() -> None:
    """Nor for another tenant's customer: the books could never be rid of it."""
    with fresh_tenant():
        theirs = new_customer().id
    for customer in (theirs, new_id()):
        with pytest.raises(InvalidValue, match=f"customer_id: the books have no customer {customer}"):
            open_accounts([AccountIdentity(None, "EUR", 1000, "bank"), AccountIdentity(customer, "EUR", 1100)])
    assert not Account.objects.exists()


@pytest.mark.parametrize("sub", ["x" * 121, "nul\x00"])
def test_what_an_account_is_named_by_can_be_printed(acme: Customer, sub: str) -> None:
    with pytest.raises(InvalidValue, match="sub: "):
        open_accounts([AccountIdentity(acme.id, "EUR", Code.REVENUE, sub)])


def test_another_tenants_things_are_neither_found_nor_moved_nor_told_of() -> None:
    """An id that another tenant has can't be had: the refusal says which of a batch, and no more."""
    one, other = bare_account(), bare_account()
    pending = move(one, other, 5, flags=_PENDING)
    posted(pending)
    with fresh_tenant():
        mine, yours = bare_account(), bare_account()
        asked = AccountFilter(account_id=one)
        assert selectors.lookup_accounts([one]) == selectors.lookup_transfers([pending.id]) == []
        assert selectors.get_account_transfers(asked) == selectors.query_transfers(QueryFilter()) == []
        assert selectors.get_account_balances(asked) == []
        assert posted(settle(pending, TransferFlags.VOID_PENDING_TRANSFER)) == ["pending_transfer_not_found"]
        assert posted(move(one, mine, 5)) == ["debit_account_not_found"]
        for beside in range(4):
            moves = [move(mine, yours, 5) for _ in range(beside)]
            with pytest.raises(IdTaken) as refused:
                create_transfers([*moves, move(mine, yours, 5, id=pending.id)], at=MARCH_1)
            assert refused.value.facts == {"transfer": pending.id}
        with pytest.raises(IdTaken) as refused:
            create_accounts([AccountRecord(id=each, ledger=1, code=1) for each in (new_id(), one)], at=MARCH_1)
        assert refused.value.facts == {"account": one}
    assert [account.debits_pending for account in selectors.lookup_accounts([one])] == [5]


def test_accounts_that_another_process_was_quicker_to_create_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    account = AccountRecord(id=new_id(), ledger=1, code=1)
    inserting = bulk.insert_new

    def late(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(bulk, "insert_new", inserting)
        assert meanwhile(lambda: create_accounts([account], at=MARCH_1)).result(timeout=30) == ["created"]
        return inserting(*arguments, **options)

    monkeypatch.setattr(bulk, "insert_new", late)
    assert create_accounts([account], at=MARCH_1) == ["exists"]


def test_ids_may_fail_in_two_tenants_alike() -> None:
    """What is spent here is free there."""
    spent = move(bare_account(), new_id(), 5)
    assert posted(spent) == ["credit_account_not_found"]
    with fresh_tenant():
        assert posted(spent) == ["debit_account_not_found"]
    assert posted(spent) == ["id_already_failed"]


def test_post_all_spends_no_id() -> None:
    """It leaves nothing, so that the same call may succeed later."""
    wallet, bank = bare_account(_GUARDED), bare_account()
    draw = move(wallet, bank, 5)
    for _ in range(2):
        with pytest.raises(PostingRefused) as refused:
            post_in_transaction(draw)
        assert refused.value.facts["result"] == "exceeds_credits"
    assert not FailedTransfer.objects.exists()
    posted(move(bank, wallet, 5))
    assert post_in_transaction(draw) == ["created"]


def post_in_transaction(*transfers: object) -> list[str]:
    return [str(result) for result in post_all(transfers, at=MARCH_1)]  # type: ignore[arg-type]


def test_pending_amounts_count_in_no_posted_figure(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """Neither in balances nor statements, nor in what is booked under a key; a part that was posted does."""
    key = new_id()
    pending = msgspec.structs.replace(transfer(unbilled, revenue, 9, user_data_128=key), flags=2)
    posted(pending)
    for posted_so_far in (0, 4):
        assert selectors.balance(unbilled) == selectors.balance(unbilled, as_of=APRIL_1) == posted_so_far
        assert statement(unbilled.id_in(tenant_id())).closing == posted_so_far
        assert sum(one.amount for one in selectors.booked([key]).values()) == posted_so_far
        assert sum(row.balance for row in selectors.trial_balance(as_of=APRIL_1).rows) == 0
        posted(settle(pending, TransferFlags.POST_PENDING_TRANSFER, amount=4))
    assert held(unbilled) == [Balances(debits_posted=4)]


def test_only_what_was_posted_is_reversed() -> None:
    """And the reversal of a balancing transfer is a plain one of the amount that was moved."""
    pending = move(bare_account(), bare_account(), 5, flags=_PENDING)
    with pytest.raises(ValueError, match="voided"):
        reverse(pending, id=new_id(), effective_at=MARCH_1, journal_id=new_id())
    balancing = msgspec.structs.replace(pending, flags=int(TransferFlags.BALANCING_DEBIT))
    assert reverse(balancing, id=new_id(), effective_at=MARCH_1, journal_id=new_id()).flags == 0


def test_a_time_out_frees_a_guarded_account_for_whoever_posts_next() -> None:
    """Nobody has to sweep first; and the relay sweeps each tenant by its own clock."""
    wallet, bank = bare_account(_GUARDED), bare_account()
    posted(move(bank, wallet, 10))
    posted(*(move(wallet, bank, 5, flags=_PENDING, timeout=60) for _ in range(2)))
    assert posted(move(wallet, bank, 1), at=MARCH_1 + timedelta(seconds=59)) == ["exceeds_credits"]
    assert posted(move(wallet, bank, 10), at=MARCH_1 + timedelta(seconds=60)) == ["created"]


def test_the_relay_expires_by_each_tenants_clock() -> None:
    pending = move(bare_account(), bare_account(), 5, flags=_PENDING, timeout=60)
    posted(pending, at=clock.now() - timedelta(seconds=60))
    still = move(pending.debit_account_id, pending.credit_account_id, 3, flags=_PENDING, timeout=61)
    posted(still, at=clock.now() - timedelta(seconds=60))
    expire_every_tenant()
    assert [one.debits_pending for one in selectors.lookup_accounts([pending.debit_account_id])] == [3]


@pytest.mark.parametrize("limit", [1, 2, 5, 8189])
def test_pages_are_found_however_far_apart_their_transfers_arrived(limit: int) -> None:
    """All of a tenant's, and those of one of its accounts, from either end."""
    one, other = bare_account(), bare_account()
    there = [move(one, other, 1) if n % 3 else move(other, bare_account(), 1) for n in range(9)]
    for n, each in enumerate(there):
        for _ in range(7 * n):
            arrivals.draw()
        posted(each)
    of_one = [each for each in there if one in (each.debit_account_id, each.credit_account_id)]
    queries: list[tuple[QueryFilter, Any, list[Transfer]]] = [
        (QueryFilter(limit=limit), selectors.query_transfers, there),
        (AccountFilter(account_id=one, limit=limit), selectors.get_account_transfers, of_one),
    ]
    for asked, query, expected in queries:
        for backward in (False, True):
            found: list[UUID] = []
            after: UUID | None = None
            while page := query(msgspec.structs.replace(asked, reversed=backward, after=after)):
                assert len(page) <= limit
                found += [each.id for each in page]
                after = found[-1]
            assert found == [each.id for each in (expected[::-1] if backward else expected)]


def test_of_a_batch_that_commits_meanwhile_all_is_found_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes on after what they found would never see the beginning."""
    one, other = bare_account(), bare_account()
    first = move(one, other, 1)
    posted(first)
    batch = [move(one, other, 1) for _ in range(60)]
    inserted, ending = threading.Event(), threading.Event()

    def slowly() -> None:
        with atomic():
            post(batch, at=MARCH_1)
            inserted.set()
            ending.wait(30)

    committed, ranges = meanwhile(slowly), arrivals.ranges
    assert inserted.wait(30)

    def interrupted(*arguments: Any, **options: Any) -> Iterator[tuple[int, int]]:
        for n, each in enumerate(ranges(*arguments, **options)):
            if n == 1:
                ending.set()
                committed.result(timeout=30)
            yield each

    monkeypatch.setattr(arrivals, "ranges", interrupted)
    asked = AccountFilter(account_id=one, limit=10, after=first.id)
    found = [each.id for each in selectors.get_account_transfers(asked)]
    ending.set()
    committed.result(timeout=30)
    assert found in ([], [each.id for each in batch[:10]])


def test_nothing_comes_after_a_transfer_that_is_not_there() -> None:
    posted(move(bare_account(), bare_account(), 1))
    for backward in (False, True):
        assert selectors.query_transfers(QueryFilter(after=new_id(), reversed=backward)) == []


def test_queries_page_in_the_order_of_recording() -> None:
    """Forwards and backwards, by side, by time and by what a transfer says of itself, though its clock stands still."""
    one, other, third = bare_account(AccountFlags.HISTORY), bare_account(), bare_account()
    there = [move(one, other, n, id=UUID(int=new_id().int ^ (n << 90)), user_data_64=n % 2) for n in range(1, 5)]
    back, aside = move(other, one, 9, code=7), move(other, third, 1)
    posted(*reversed(there), aside)
    posted(back, at=APRIL_1)
    ids = [transfer.id for transfer in [*reversed(there), back]]
    asked = AccountFilter(account_id=one)

    def found(**fields: object) -> list[UUID]:
        return [each.id for each in selectors.get_account_transfers(msgspec.structs.replace(asked, **fields))]

    assert found() == ids
    assert found(limit=2) == ids[:2]
    assert found(limit=2, after=ids[1]) == ids[2:4]
    assert found(reversed=True, limit=2) == [ids[4], ids[3]]
    assert found(reversed=True, after=ids[1]) == [ids[0]]
    assert found(debits=False) == [back.id]
    assert found(credits=False) == ids[:4]
    assert found(user_data_64=1) == [each.id for each in reversed(there) if each.user_data_64]
    assert found(code=7) == found(timestamp_min=APRIL_1) == [back.id]
    assert found(timestamp_max=MARCH_1) == ids[:4]
    assert found(limit=0) == found(debits=False, credits=False) == []
    assert found(timestamp_min=APRIL_1, timestamp_max=MARCH_1) == []
    assert [each.id for each in selectors.query_transfers(QueryFilter(code=900))] == [*ids[:4], aside.id]
    assert selectors.query_transfers(QueryFilter(ledger=2)) == []
    balances = selectors.get_account_balances(asked)
    assert [each.transfer_id for each in balances] == ids
    assert [(each.debits_posted, each.credits_posted) for each in balances] == [
        (4, 0),
        (7, 0),
        (9, 0),
        (10, 0),
        (10, 9),
    ]
    last = selectors.get_account_balances(AccountFilter(account_id=one, reversed=True, limit=1, debits=False))
    assert [(each.transfer_id, each.timestamp) for each in last] == [(back.id, APRIL_1)]
    assert selectors.get_account_balances(AccountFilter(account_id=other)) == []


def test_history_counts_what_was_held_and_given_back() -> None:
    """A time-out between two transfers is seen in the second's balances."""
    one, other = bare_account(AccountFlags.HISTORY), bare_account()
    first, second = (move(one, other, n, flags=_PENDING, timeout=60) for n in (5, 7))
    posted(first, second)
    posted(settle(second, TransferFlags.POST_PENDING_TRANSFER, amount=3))
    posted(move(other, one, 1, flags=_PENDING), at=MARCH_1 + timedelta(seconds=60))
    found = selectors.get_account_balances(AccountFilter(account_id=one))
    rows = [(each.debits_pending, each.debits_posted, each.credits_pending) for each in found]
    assert rows == [(5, 0, 0), (12, 0, 0), (5, 3, 0), (0, 3, 1)]


def test_accounts_are_queried_page_by_page() -> None:
    ids = sorted(bare_account() for _ in range(3))
    later = AccountRecord(id=new_id(), ledger=2, code=1, user_data_32=8)
    create_accounts([later], at=APRIL_1)

    def found(**fields: object) -> list[UUID]:
        return [each.id for each in selectors.query_accounts(msgspec.structs.replace(QueryFilter(), **fields))]

    assert found() == [*ids, later.id]
    assert found(limit=2, after=ids[0]) == ids[1:]
    assert found(reversed=True, after=later.id, limit=2) == [ids[2], ids[1]]
    assert found(ledger=2) == found(user_data_32=8) == found(timestamp_min=APRIL_1) == [later.id]
    assert found(limit=0) == found(after=new_id()) == []
    assert found(reversed=True, after=later.id) == ids[::-1]
    with fresh_tenant():
        stranger = bare_account()
    assert found(after=stranger) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"user_data_64": 2**64},
        {"user_data_32": -1},
        {"ledger": 2**32},
        {"code": 2**16},
        {"limit": None},
        {"limit": 1.5},
        {"limit": -1},
    ],
)
def test_a_filter_holds_what_its_fields_can(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(fields))} is an unsigned"):
        QueryFilter(**fields)


def test_a_filter_for_no_user_data_asks_for_any() -> None:
    """As TigerBeetle's does."""
    assert QueryFilter(user_data_128=UUID(int=0)) == QueryFilter()


@pytest.mark.parametrize("count", [1, 2])
def test_what_is_pending_and_posted_fits_together(count: int) -> None:
    """Also where no judge is asked: or a pending transfer could never be posted."""
    one, other, third = bare_account(), bare_account(), bare_account()
    big = move(one, other, 2**127, flags=_PENDING)
    assert create_transfers([big], at=MARCH_1) == ["created"]
    for debit, credit, result in ((one, third, "overflows_debits"), (third, other, "overflows_credits")):
        batch = [move(debit, credit, 2**127 // count) for _ in range(count)]
        assert create_transfers(batch, at=MARCH_1) == ["created"] * (count - 1) + [result]
    assert create_transfers([settle(big, TransferFlags.POST_PENDING_TRANSFER)], at=MARCH_1) == ["created"]


def test_a_pending_transfer_that_is_committed_while_we_look_is_not_found_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its accounts were not among those that were to be locked: what settles it came first."""
    pending = move(bare_account(), bare_account(), 5, flags=_PENDING.value)
    locking = rows.locked_accounts

    def locked(ids: Collection[UUID]) -> dict[UUID, AccountState]:
        monkeypatch.setattr(rows, "locked_accounts", locking)
        assert meanwhile(lambda: create_transfers([pending], at=MARCH_1)).result(timeout=30) == ["created"]
        return locking(ids)

    monkeypatch.setattr(rows, "locked_accounts", locked)
    settling = settle(pending, TransferFlags.POST_PENDING_TRANSFER)
    assert create_transfers([settling], at=MARCH_1) == ["pending_transfer_not_found"]
    assert create_transfers([msgspec.structs.replace(settling, id=new_id())], at=MARCH_1) == ["created"]


def test_a_transfer_that_was_looked_up_is_no_new_one() -> None:
    """It says when it was recorded, which is not for the sender to say."""
    sent = move(bare_account(), bare_account(), 5)
    assert create_transfers([sent], at=MARCH_1) == ["created"]
    (found,) = selectors.lookup_transfers([sent.id])
    for again in (found, msgspec.structs.replace(found, id=new_id())):
        assert create_transfers([again], at=MARCH_1) == ["timestamp_must_be_zero"]


def test_a_batch_of_several_ledgers_overdraws_nothing_for_a_moment() -> None:
    """Each transfer is told what it would be told alone, whatever else is in the batch."""
    wallet, bank = bare_account(_GUARDED.value), bare_account()
    elsewhere = move(bare_account(ledger=2), bare_account(ledger=2), 1, ledger=2)
    batch = [move(wallet, bank, 5), move(bank, wallet, 5), elsewhere]
    assert posted(*batch) == ["exceeds_credits", "created", "created"]
    assert (
        posted(move(wallet, bank, 5), move(bank, wallet, 5), msgspec.structs.replace(elsewhere, id=new_id()))
        == ["created"] * 3
    )
