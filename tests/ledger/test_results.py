"""Results by name, in TigerBeetle's order of precedence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import pytest

from ledger.accounts import LARGEST, AccountState
from ledger.books import Books
from ledger.chart import AccountFlags
from ledger.judging import judge, judge_all
from ledger.results import Result
from ledger.transfers import Transfer, TransferFlags

Thing = TypeVar("Thing", bound=msgspec.Struct)
MARCH_1 = datetime(2026, 3, 1, tzinfo=UTC)
ZERO, INT_MAX = UUID(int=0), UUID(int=LARGEST)
A = AccountState(id=UUID(int=10), ledger=978)
B = AccountState(id=UUID(int=11), ledger=978)
DOLLARS = AccountState(id=B.id, ledger=840)
TRANSFER = Transfer(
    id=UUID(int=1),
    debit_account_id=A.id,
    credit_account_id=B.id,
    amount=100,
    ledger=978,
    code=1,
    effective_at=MARCH_1,
    journal_id=UUID(int=9),
    user_data_128=UUID(int=5),
)


def changed(thing: Thing, **fields: Any) -> Thing:
    return msgspec.structs.replace(thing, **fields)


def found(*accounts: AccountState) -> dict[UUID, AccountState]:
    """As a batch finds them, which changes them."""
    return {one.id: changed(one) for one in accounts}


def judged(
    transfer: Transfer,
    *,
    debit: AccountState | None = A,
    credit: AccountState | None = B,
    existing: Transfer | None = None,
) -> Result:
    books = Books(
        accounts=found(*(one for one in (debit, credit) if one)),
        transfers={existing.id: existing} if existing else {},
    )
    return judge(transfer, books, at=MARCH_1)[0]


def test_a_transfer_without_fault_is_created() -> None:
    assert judged(TRANSFER) is Result.CREATED


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"flags": TransferFlags.IMPORTED}, Result.RESERVED_FLAG),
        ({"flags": 1 << 9}, Result.RESERVED_FLAG),
        ({"id": ZERO}, Result.ID_MUST_NOT_BE_ZERO),
        ({"id": INT_MAX}, Result.ID_MUST_NOT_BE_INT_MAX),
        ({"debit_account_id": ZERO}, Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_ZERO),
        ({"debit_account_id": INT_MAX}, Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX),
        ({"credit_account_id": ZERO}, Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_ZERO),
        ({"credit_account_id": INT_MAX}, Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX),
        ({"credit_account_id": A.id}, Result.ACCOUNTS_MUST_BE_DIFFERENT),
        ({"pending_id": UUID(int=3)}, Result.PENDING_ID_MUST_BE_ZERO),
        ({"timeout": 60}, Result.TIMEOUT_RESERVED_FOR_PENDING_TRANSFER),
        ({"flags": TransferFlags.CLOSING_DEBIT}, Result.CLOSING_TRANSFER_MUST_BE_PENDING),
        ({"ledger": 0}, Result.LEDGER_MUST_NOT_BE_ZERO),
        ({"code": 0}, Result.CODE_MUST_NOT_BE_ZERO),
        ({"ledger": 840}, Result.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS),
    ],
)
def test_a_fault_of_the_transfer_is_named(fields: dict[str, Any], expected: Result) -> None:
    """Each field has its own refusal."""
    assert judged(changed(TRANSFER, **fields)) is expected


_NEARLY_FULL = LARGEST - 99
_WALLET = AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS
_MIRROR = AccountFlags.CREDITS_MUST_NOT_EXCEED_DEBITS


@pytest.mark.parametrize(
    "debit, credit, expected",
    [
        (None, None, Result.DEBIT_ACCOUNT_NOT_FOUND),
        (A, None, Result.CREDIT_ACCOUNT_NOT_FOUND),
        (A, DOLLARS, Result.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER),
        (changed(A, flags=AccountFlags.CLOSED), B, Result.DEBIT_ACCOUNT_ALREADY_CLOSED),
        (A, changed(B, flags=AccountFlags.CLOSED), Result.CREDIT_ACCOUNT_ALREADY_CLOSED),
        (changed(A, debits_posted=_NEARLY_FULL), B, Result.OVERFLOWS_DEBITS_POSTED),
        (A, changed(B, credits_posted=_NEARLY_FULL), Result.OVERFLOWS_CREDITS_POSTED),
        (changed(A, debits_posted=_NEARLY_FULL - 2, debits_pending=2), B, Result.OVERFLOWS_DEBITS),
        (A, changed(B, credits_posted=_NEARLY_FULL - 2, credits_pending=2), Result.OVERFLOWS_CREDITS),
        (changed(A, debits_posted=_NEARLY_FULL - 1), B, Result.CREATED),
        (changed(A, flags=_WALLET, credits_posted=99), B, Result.EXCEEDS_CREDITS),
        (changed(A, flags=_WALLET, credits_posted=100, debits_pending=1), B, Result.EXCEEDS_CREDITS),
        (changed(A, flags=_WALLET, credits_posted=110, debits_posted=10), B, Result.CREATED),
        (A, changed(B, flags=_MIRROR, debits_posted=99), Result.EXCEEDS_DEBITS),
        (A, changed(B, flags=_MIRROR, debits_posted=100), Result.CREATED),
        (A, changed(B, flags=_WALLET), Result.CREATED),
    ],
)
def test_the_accounts_decide(debit: AccountState | None, credit: AccountState | None, expected: Result) -> None:
    """Guards look at the side that grows, with what is pending on it; a credit to a wallet is always welcome."""
    assert judged(TRANSFER, debit=debit, credit=credit) is expected


DIFFERENCES = {
    "flags": 1,
    "pending_id": UUID(int=77),
    "timeout": 1,
    "debit_account_id": UUID(int=77),
    "credit_account_id": UUID(int=77),
    "amount": 101,
    "user_data_128": None,
    "user_data_64": 1,
    "user_data_32": 1,
    "ledger": 840,
    "code": 2,
    "effective_at": MARCH_1 + timedelta(microseconds=1),
}


@pytest.mark.parametrize("field", DIFFERENCES)
def test_the_same_id_with_other_contents_names_the_field(field: str) -> None:
    """And creates nothing."""
    existing = changed(TRANSFER, **{field: DIFFERENCES[field]})
    assert judged(TRANSFER, existing=existing) == f"exists_with_different_{field}"


@pytest.mark.parametrize("first, second", list(pairwise(DIFFERENCES)))
def test_of_two_differences_the_first_in_order_is_named(first: str, second: str) -> None:
    """TigerBeetle's order; when it counts comes last."""
    existing = changed(TRANSFER, **{first: DIFFERENCES[first], second: DIFFERENCES[second]})
    assert judged(TRANSFER, existing=existing) == f"exists_with_different_{first}"


def test_the_same_contents_exist_whoever_posted_them() -> None:
    """The journal names the operation that came first; doing it twice is the same as doing it once."""
    assert judged(TRANSFER, existing=changed(TRANSFER, journal_id=UUID(int=8))) is Result.EXISTS


def test_what_exists_is_told_before_what_is_wrong() -> None:
    """A replay is answered without a look at accounts that may have been closed since."""
    assert judged(TRANSFER, debit=None, credit=None, existing=TRANSFER) is Result.EXISTS


#: One fault of each kind that can stand beside the others, in order of precedence.
FAULTS: list[tuple[dict[str, Any], Result]] = [
    ({"flags": 1 << 9}, Result.RESERVED_FLAG),
    ({"id": ZERO}, Result.ID_MUST_NOT_BE_ZERO),
    ({"debit_account_id": ZERO}, Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_ZERO),
    ({"credit_account_id": INT_MAX}, Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX),
    ({"pending_id": UUID(int=3)}, Result.PENDING_ID_MUST_BE_ZERO),
    ({"timeout": 60}, Result.TIMEOUT_RESERVED_FOR_PENDING_TRANSFER),
    ({"ledger": 0}, Result.LEDGER_MUST_NOT_BE_ZERO),
    ({"code": 0}, Result.CODE_MUST_NOT_BE_ZERO),
]


@pytest.mark.parametrize("position", range(len(FAULTS)))
def test_the_first_fault_in_order_is_the_answer(position: int) -> None:
    """With all later faults present as well, and no account to be found."""
    fields = {name: value for faults, _ in FAULTS[position:] for name, value in faults.items()}
    assert judged(changed(TRANSFER, **fields), debit=None, credit=None) is FAULTS[position][1]


def test_the_names_stand_in_order_of_precedence() -> None:
    """`exists_with_…` before `exists`, faults of the transfer before those of accounts, guards last."""
    names = list(Result)
    order = [
        *("reserved_flag", "id_must_not_be_zero", "exists_with_different_flags", "exists_with_different_code"),
        *("exists", "accounts_must_be_different", "code_must_not_be_zero", "debit_account_not_found"),
        *("accounts_must_have_the_same_ledger", "overflows_debits", "exceeds_credits", "exceeds_debits", "created"),
    ]
    assert [names.index(Result(name)) for name in order] == sorted(names.index(Result(name)) for name in order)


def test_a_batch_sees_what_it_has_done_so_far() -> None:
    """The same id twice in one batch exists the second time, or differs."""
    batch = [TRANSFER, TRANSFER, changed(TRANSFER, amount=7)]
    expected = [Result.CREATED, Result.EXISTS, Result.EXISTS_WITH_DIFFERENT_AMOUNT]
    assert list(judge_all(batch, Books(accounts=found(A, B)), at=MARCH_1)) == expected


def test_a_refused_transfer_leaves_no_trace_in_its_batch() -> None:
    """Its id is free for the next one."""
    batch = [changed(TRANSFER, code=0), TRANSFER]
    results = judge_all(batch, Books(accounts=found(A, B)), at=MARCH_1)
    assert list(results) == [Result.CODE_MUST_NOT_BE_ZERO, Result.CREATED]


def test_each_result_comes_as_soon_as_it_is_for_good() -> None:
    """The database takes in what was created while the rest is judged; of a chain nothing, before all of it is."""
    alone, *chain, last = (changed(TRANSFER, id=UUID(int=40 + n), flags=int(0 < n < 3)) for n in range(4))
    for fault, results in (
        (0, ["created"] * 3),
        (1, ["linked_event_failed", "linked_event_failed", "code_must_not_be_zero"]),
    ):
        books = Books(accounts=found(A, B))
        judging = judge_all([alone, *chain, changed(last, code=1 - fault)], books, at=MARCH_1)
        assert next(judging) == "created"
        assert books.created == [alone]
        assert next(judging) == results[0]
        assert len(books.created) == 1 + results.count("created")
        assert list(judging) == results[1:]


def test_a_wallet_pays_while_it_lasts() -> None:
    """In the order of the batch: credited first, then debited until the next one would overdraw it."""
    wallet = changed(A, flags=_WALLET)
    top_up = changed(TRANSFER, id=UUID(int=20), debit_account_id=B.id, credit_account_id=wallet.id, amount=250)
    draws = [changed(TRANSFER, id=UUID(int=30 + i)) for i in range(4)]
    results = judge_all([draws[0], top_up, *draws[1:]], Books(accounts=found(wallet, B)), at=MARCH_1)
    exceeds, created = Result.EXCEEDS_CREDITS, Result.CREATED
    assert list(results) == [exceeds, created, created, created, exceeds]
