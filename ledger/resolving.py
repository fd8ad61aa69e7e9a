"""What becomes of a transfer that posts or voids a pending one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ledger.accounts import LAST_ID, NO_ID
from ledger.books import Books, Pending, PendingState
from ledger.chart import AccountFlags
from ledger.existing import resolution
from ledger.results import Result
from ledger.transfers import BALANCING, CLOSING, RESOLVING, Transfer, TransferFlags

#: What becomes of a transfer, and where it is created, how it is booked.
Judgment = tuple[Result, Transfer | None]

_VOID = TransferFlags.VOID_PENDING_TRANSFER
_CLOSED = AccountFlags.CLOSED.value

_OF_THE_TRANSFER: Sequence[tuple[Result, Callable[[Transfer], bool]]] = (
    (
        Result.FLAGS_ARE_MUTUALLY_EXCLUSIVE,
        lambda t: t.flags & RESOLVING == RESOLVING or t.has(TransferFlags.PENDING | BALANCING | CLOSING),
    ),
    (Result.PENDING_ID_MUST_NOT_BE_ZERO, lambda t: t.pending_id is None),
    (Result.PENDING_ID_MUST_NOT_BE_INT_MAX, lambda t: t.pending_id == LAST_ID),
    (Result.PENDING_ID_MUST_BE_DIFFERENT, lambda t: t.pending_id == t.id),
    (Result.TIMEOUT_RESERVED_FOR_PENDING_TRANSFER, lambda t: t.timeout != 0),
)

#: Of a resolution in which what was left out is filled in, and the pending transfer.
_OF_BOTH: Sequence[tuple[Result, Callable[[Transfer, Transfer], bool]]] = (
    (
        Result.PENDING_TRANSFER_HAS_DIFFERENT_DEBIT_ACCOUNT_ID,
        lambda t, held: t.debit_account_id != held.debit_account_id,
    ),
    (
        Result.PENDING_TRANSFER_HAS_DIFFERENT_CREDIT_ACCOUNT_ID,
        lambda t, held: t.credit_account_id != held.credit_account_id,
    ),
    (Result.PENDING_TRANSFER_HAS_DIFFERENT_LEDGER, lambda t, held: t.ledger != held.ledger),
    (Result.PENDING_TRANSFER_HAS_DIFFERENT_CODE, lambda t, held: t.code != held.code),
    (Result.EXCEEDS_PENDING_TRANSFER_AMOUNT, lambda t, held: t.amount > held.amount),
    (Result.PENDING_TRANSFER_HAS_DIFFERENT_AMOUNT, lambda t, held: t.has(_VOID) and t.amount != held.amount),
)

_SETTLED = {
    PendingState.POSTED: Result.PENDING_TRANSFER_ALREADY_POSTED,
    PendingState.VOIDED: Result.PENDING_TRANSFER_ALREADY_VOIDED,
    PendingState.EXPIRED: Result.PENDING_TRANSFER_EXPIRED,
}


def judge_resolution(transfer: Transfer, books: Books, *, at: datetime) -> Judgment:
    """What becomes of a post or void, and how it is booked where it is created: with all that it takes over."""
    if refused := next((result for result, applies in _OF_THE_TRANSFER if applies(transfer)), None):
        return refused, None
    held = books.transfers.get(transfer.pending_id or NO_ID)
    if held is None:
        return Result.PENDING_TRANSFER_NOT_FOUND, None
    if not held.has(TransferFlags.PENDING):
        return Result.PENDING_TRANSFER_NOT_PENDING, None
    booked = resolution(transfer, held)
    if refused := next((result for result, applies in _OF_BOTH if applies(booked, held)), None):
        return refused, None
    refused = _settled(books.pending[held.id], at) or _closed(booked, books)
    return (refused, None) if refused else (Result.CREATED, booked)


def _settled(pending: Pending, at: datetime) -> Result | None:
    if pending.state is PendingState.PENDING and pending.expires_at is not None and pending.expires_at <= at:
        return Result.PENDING_TRANSFER_EXPIRED
    return _SETTLED.get(pending.state)


def _closed(booked: Transfer, books: Books) -> Result | None:
    """Out of a closed account, and into one, nothing moves but what a void gives back."""
    if booked.has(_VOID):
        return None
    sides = [
        (Result.DEBIT_ACCOUNT_ALREADY_CLOSED, booked.debit_account_id),
        (Result.CREDIT_ACCOUNT_ALREADY_CLOSED, booked.credit_account_id),
    ]
    return next((result for result, side in sides if books.accounts[side].flags & _CLOSED), None)
