"""What becomes of one transfer, and of a batch: TigerBeetle's rules in its order of precedence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from ledger.accounts import LARGEST, LAST_ID, NO_ID, AccountState
from ledger.books import Books, expiry
from ledger.chains import judge_in_chains
from ledger.chart import AccountFlags
from ledger.existing import compared
from ledger.resolving import Judgment, judge_resolution
from ledger.results import Result
from ledger.transfers import BALANCING, CLOSING, KNOWN_FLAGS, RESOLVING, Transfer, TransferFlags, TransferRecord

# As bare numbers: a flag's own operators take twenty times as long.
_LINKED = TransferFlags.LINKED.value
_UNKNOWN_FLAGS = ~KNOWN_FLAGS
_CLOSED = AccountFlags.CLOSED.value
_DEBITS_LIMITED = AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS.value
_CREDITS_LIMITED = AccountFlags.CREDITS_MUST_NOT_EXCEED_DEBITS.value


def judge_all(transfers: Sequence[Transfer], books: Books, *, at: datetime) -> Iterator[Result]:
    """The result of each transfer in turn: a later one meets what the earlier ones of the batch did to the books.

    Each comes once nothing can change it: so many of `books.created` are for good as `created` have come.
    """

    def one(transfer: Transfer) -> Result:
        result, booked = judge(transfer, books, at=at)
        if booked is not None:
            books.book(booked, at=at)
        return result

    return judge_in_chains(transfers, books, linked=lambda t: bool(t.flags & _LINKED), judge=one, results=Result)


def judge(transfer: Transfer, books: Books, *, at: datetime) -> Judgment:
    """What becomes of one transfer, and how it is booked where it is created: with the amount that it moves."""
    if refused := _of_the_id(transfer):
        return refused, None
    if existing := books.transfers.get(transfer.id):
        return compared(transfer, existing, pending=books.transfers.get(existing.pending_id or NO_ID)), None
    if books.failed and transfer.id in books.failed:
        return Result.ID_ALREADY_FAILED, None
    if transfer.has(RESOLVING):
        return judge_resolution(transfer, books, at=at)
    if refused := _of_the_sides(transfer) or _of_the_rest(transfer):
        return refused, None
    return _between(transfer, books, at)


def _between(transfer: Transfer, books: Books, at: datetime) -> Judgment:
    debit, credit = books.accounts.get(transfer.debit_account_id), books.accounts.get(transfer.credit_account_id)
    if debit is None:
        return Result.DEBIT_ACCOUNT_NOT_FOUND, None
    if credit is None:
        return Result.CREDIT_ACCOUNT_NOT_FOUND, None
    if refused := _of_the_accounts(transfer, debit, credit):
        return refused, None
    actual = _balanced(transfer, debit, credit) if transfer.has(BALANCING) else transfer
    refused = (
        (actual.has(TransferFlags.PENDING) and _of_what_is_pending(actual, debit, credit))
        or _of_the_totals(actual.amount, debit, credit)
        or (actual.timeout and _of_the_timeout(actual, at))
        or _of_the_guards(actual.amount, debit, credit)
    )
    return (refused, None) if refused else (Result.CREATED, actual)


def _balanced(transfer: Transfer, debit: AccountState, credit: AccountState) -> Transfer:
    """With what a balancing transfer moves: at most its amount, and no more than the balance it is to level."""
    amount = transfer.amount
    if transfer.has(TransferFlags.BALANCING_DEBIT):
        amount = min(amount, max(0, debit.credits_posted - debit.debits_posted - debit.debits_pending))
    if transfer.has(TransferFlags.BALANCING_CREDIT):
        amount = min(amount, max(0, credit.debits_posted - credit.credits_posted - credit.credits_pending))
    return transfer if amount == transfer.amount else replace(transfer, amount=amount)


def _of_the_id(transfer: Transfer) -> Result | None:
    if isinstance(transfer, TransferRecord):
        return Result.TIMESTAMP_MUST_BE_ZERO
    if transfer.flags & _UNKNOWN_FLAGS:
        return Result.RESERVED_FLAG
    if transfer.id.int == NO_ID.int:
        return Result.ID_MUST_NOT_BE_ZERO
    if transfer.id.int == LAST_ID.int:
        return Result.ID_MUST_NOT_BE_INT_MAX
    return None


def _of_the_sides(transfer: Transfer) -> Result | None:
    debit, credit = transfer.debit_account_id.int, transfer.credit_account_id.int
    if debit == NO_ID.int:
        return Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_ZERO
    if debit == LAST_ID.int:
        return Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX
    if credit == NO_ID.int:
        return Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_ZERO
    if credit == LAST_ID.int:
        return Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX
    return Result.ACCOUNTS_MUST_BE_DIFFERENT if debit == credit else None


def _of_the_rest(transfer: Transfer) -> Result | None:
    if transfer.pending_id is not None:
        return Result.PENDING_ID_MUST_BE_ZERO
    if not transfer.has(TransferFlags.PENDING):
        if transfer.timeout:
            return Result.TIMEOUT_RESERVED_FOR_PENDING_TRANSFER
        if transfer.has(CLOSING):
            return Result.CLOSING_TRANSFER_MUST_BE_PENDING
    if not transfer.ledger:
        return Result.LEDGER_MUST_NOT_BE_ZERO
    return None if transfer.code else Result.CODE_MUST_NOT_BE_ZERO


def _of_the_accounts(transfer: Transfer, debit: AccountState, credit: AccountState) -> Result | None:
    if debit.ledger != credit.ledger:
        return Result.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER
    if transfer.ledger != debit.ledger:
        return Result.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS
    if debit.flags & _CLOSED:
        return Result.DEBIT_ACCOUNT_ALREADY_CLOSED
    return Result.CREDIT_ACCOUNT_ALREADY_CLOSED if credit.flags & _CLOSED else None


def _of_what_is_pending(transfer: Transfer, debit: AccountState, credit: AccountState) -> Result | None:
    if debit.debits_pending + transfer.amount > LARGEST:
        return Result.OVERFLOWS_DEBITS_PENDING
    return Result.OVERFLOWS_CREDITS_PENDING if credit.credits_pending + transfer.amount > LARGEST else None


def _of_the_totals(amount: int, debit: AccountState, credit: AccountState) -> Result | None:
    debited, credited = debit.debits_posted + amount, credit.credits_posted + amount
    if debited > LARGEST:
        return Result.OVERFLOWS_DEBITS_POSTED
    if credited > LARGEST:
        return Result.OVERFLOWS_CREDITS_POSTED
    if debit.debits_pending + debited > LARGEST:
        return Result.OVERFLOWS_DEBITS
    return Result.OVERFLOWS_CREDITS if credit.credits_pending + credited > LARGEST else None


def _of_the_timeout(transfer: Transfer, at: datetime) -> Result | None:
    try:
        expiry(transfer, at=at)
    except OverflowError:
        return Result.OVERFLOWS_TIMEOUT
    return None


def _of_the_guards(amount: int, debit: AccountState, credit: AccountState) -> Result | None:
    if debit.flags & _DEBITS_LIMITED and debit.debits_pending + debit.debits_posted + amount > debit.credits_posted:
        return Result.EXCEEDS_CREDITS
    if (
        credit.flags & _CREDITS_LIMITED
        and credit.credits_pending + credit.credits_posted + amount > credit.debits_posted
    ):
        return Result.EXCEEDS_DEBITS
    return None
