"""What becomes of one transfer, and of a batch: TigerBeetle's rules in its order of precedence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from ledger.accounts import LARGEST, LAST_ID, NO_ID, AccountState
from ledger.books import Books, expiry
from ledger.chains import judge_in_chains
from ledger.chart import AccountFlags
from ledger.existing import compared
from ledger.resolving import judge_resolution
from ledger.results import Result
from ledger.transfers import BALANCING, CLOSING, KNOWN_FLAGS, RESOLVING, Transfer, TransferFlags, TransferRecord


def judge_all(transfers: Sequence[Transfer], books: Books, *, at: datetime) -> list[Result]:
    """The result of each transfer in turn: a later one meets what the earlier ones of the batch did to the books."""

    def one(transfer: Transfer) -> Result:
        result, booked = judge(transfer, books, at=at)
        if booked is not None:
            books.book(booked, at=at)
        return result

    names = judge_in_chains(transfers, books, linked=lambda t: t.has(TransferFlags.LINKED), judge=one)
    return [Result(name) for name in names]


def judge(transfer: Transfer, books: Books, *, at: datetime) -> tuple[Result, Transfer | None]:
    """What becomes of one transfer, and how it is booked where it is created: with the amount that it moves."""
    if refused := _first(_OF_THE_ID, transfer):
        return refused, None
    if existing := books.transfers.get(transfer.id):
        return compared(transfer, existing, pending=books.transfers.get(existing.pending_id or NO_ID)), None
    if transfer.id in books.failed:
        return Result.ID_ALREADY_FAILED, None
    if transfer.has(RESOLVING):
        return judge_resolution(transfer, books, at=at)
    if refused := _first(_OF_THE_TRANSFER, transfer):
        return refused, None
    return _between(transfer, books, at)


def _between(transfer: Transfer, books: Books, at: datetime) -> tuple[Result, Transfer | None]:
    debit, credit = books.accounts.get(transfer.debit_account_id), books.accounts.get(transfer.credit_account_id)
    if debit is None:
        return Result.DEBIT_ACCOUNT_NOT_FOUND, None
    if credit is None:
        return Result.CREDIT_ACCOUNT_NOT_FOUND, None
    if refused := _first(_OF_THE_ACCOUNTS, transfer, debit, credit):
        return refused, None
    actual = _balanced(transfer, debit, credit)
    if refused := _first(_OF_THE_AMOUNT, actual, debit, credit):
        return refused, None
    if not _expires_in_time(actual, at):
        return Result.OVERFLOWS_TIMEOUT, None
    refused = _first(_OF_THE_GUARDS, actual, debit, credit)
    return (refused, None) if refused else (Result.CREATED, actual)


def _balanced(transfer: Transfer, debit: AccountState, credit: AccountState) -> Transfer:
    """With what a balancing transfer moves: at most its amount, and no more than the balance it is to level."""
    if not transfer.has(BALANCING):
        return transfer
    amount = transfer.amount
    if transfer.has(TransferFlags.BALANCING_DEBIT):
        amount = min(amount, max(0, debit.credits_posted - debit.debits_posted - debit.debits_pending))
    if transfer.has(TransferFlags.BALANCING_CREDIT):
        amount = min(amount, max(0, credit.debits_posted - credit.credits_posted - credit.credits_pending))
    return replace(transfer, amount=amount)


def _expires_in_time(transfer: Transfer, at: datetime) -> bool:
    try:
        expiry(transfer, at=at)
    except OverflowError:
        return False
    return True


def _pending(transfer: Transfer) -> bool:
    return transfer.has(TransferFlags.PENDING)


_OF_THE_ID: Sequence[tuple[Result, Callable[[Transfer], bool]]] = (
    (Result.TIMESTAMP_MUST_BE_ZERO, lambda t: isinstance(t, TransferRecord)),
    (Result.RESERVED_FLAG, lambda t: bool(t.flags & ~KNOWN_FLAGS)),
    (Result.ID_MUST_NOT_BE_ZERO, lambda t: t.id.int == NO_ID.int),
    (Result.ID_MUST_NOT_BE_INT_MAX, lambda t: t.id == LAST_ID),
)

_OF_THE_TRANSFER: Sequence[tuple[Result, Callable[[Transfer], bool]]] = (
    (Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_ZERO, lambda t: t.debit_account_id == NO_ID),
    (Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX, lambda t: t.debit_account_id == LAST_ID),
    (Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_ZERO, lambda t: t.credit_account_id == NO_ID),
    (Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX, lambda t: t.credit_account_id == LAST_ID),
    (Result.ACCOUNTS_MUST_BE_DIFFERENT, lambda t: t.debit_account_id == t.credit_account_id),
    (Result.PENDING_ID_MUST_BE_ZERO, lambda t: t.pending_id is not None),
    (Result.TIMEOUT_RESERVED_FOR_PENDING_TRANSFER, lambda t: t.timeout != 0 and not _pending(t)),
    (Result.CLOSING_TRANSFER_MUST_BE_PENDING, lambda t: t.has(CLOSING) and not _pending(t)),
    (Result.LEDGER_MUST_NOT_BE_ZERO, lambda t: t.ledger == 0),
    (Result.CODE_MUST_NOT_BE_ZERO, lambda t: t.code == 0),
)

_Rules = Sequence[tuple[Result, Callable[[Transfer, AccountState, AccountState], bool]]]

_OF_THE_ACCOUNTS: _Rules = (
    (Result.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER, lambda t, dr, cr: dr.ledger != cr.ledger),
    (Result.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS, lambda t, dr, cr: t.ledger != dr.ledger),
    (Result.DEBIT_ACCOUNT_ALREADY_CLOSED, lambda t, dr, cr: dr.has(AccountFlags.CLOSED)),
    (Result.CREDIT_ACCOUNT_ALREADY_CLOSED, lambda t, dr, cr: cr.has(AccountFlags.CLOSED)),
)

_OF_THE_AMOUNT: _Rules = (
    (Result.OVERFLOWS_DEBITS_PENDING, lambda t, dr, cr: _pending(t) and dr.debits_pending + t.amount > LARGEST),
    (Result.OVERFLOWS_CREDITS_PENDING, lambda t, dr, cr: _pending(t) and cr.credits_pending + t.amount > LARGEST),
    (Result.OVERFLOWS_DEBITS_POSTED, lambda t, dr, cr: dr.debits_posted + t.amount > LARGEST),
    (Result.OVERFLOWS_CREDITS_POSTED, lambda t, dr, cr: cr.credits_posted + t.amount > LARGEST),
    (Result.OVERFLOWS_DEBITS, lambda t, dr, cr: dr.debits_pending + dr.debits_posted + t.amount > LARGEST),
    (Result.OVERFLOWS_CREDITS, lambda t, dr, cr: cr.credits_pending + cr.credits_posted + t.amount > LARGEST),
)

_OF_THE_GUARDS: _Rules = (
    (
        Result.EXCEEDS_CREDITS,
        lambda t, dr, cr: (
            dr.has(AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS)
            and dr.debits_pending + dr.debits_posted + t.amount > dr.credits_posted
        ),
    ),
    (
        Result.EXCEEDS_DEBITS,
        lambda t, dr, cr: (
            cr.has(AccountFlags.CREDITS_MUST_NOT_EXCEED_DEBITS)
            and cr.credits_pending + cr.credits_posted + t.amount > cr.debits_posted
        ),
    ),
)


def _first(rules: Sequence[tuple[Result, Callable[..., bool]]], *facts: object) -> Result | None:
    for result, applies in rules:
        if applies(*facts):
            return result
    return None
