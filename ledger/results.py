"""What becomes of a transfer, by TigerBeetle's names and in its order of precedence.

An amount of zero is refused, as older versions of TigerBeetle did: here a transfer moves something.
`exists` compares all that says what is booked and when it counts, `effective_at` last; not the journal,
which names the operation that came first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from ledger.accounts import LARGEST, AccountState
from ledger.chart import AccountFlags
from ledger.transfers import Transfer


class Result(StrEnum):
    """In order of precedence: the first that applies is the answer."""

    RESERVED_FLAG = "reserved_flag"
    ID_MUST_NOT_BE_ZERO = "id_must_not_be_zero"
    ID_MUST_NOT_BE_INT_MAX = "id_must_not_be_int_max"
    EXISTS_WITH_DIFFERENT_FLAGS = "exists_with_different_flags"
    EXISTS_WITH_DIFFERENT_PENDING_ID = "exists_with_different_pending_id"
    EXISTS_WITH_DIFFERENT_TIMEOUT = "exists_with_different_timeout"
    EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID = "exists_with_different_debit_account_id"
    EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID = "exists_with_different_credit_account_id"
    EXISTS_WITH_DIFFERENT_AMOUNT = "exists_with_different_amount"
    EXISTS_WITH_DIFFERENT_USER_DATA_128 = "exists_with_different_user_data_128"
    EXISTS_WITH_DIFFERENT_USER_DATA_64 = "exists_with_different_user_data_64"
    EXISTS_WITH_DIFFERENT_USER_DATA_32 = "exists_with_different_user_data_32"
    EXISTS_WITH_DIFFERENT_LEDGER = "exists_with_different_ledger"
    EXISTS_WITH_DIFFERENT_CODE = "exists_with_different_code"
    EXISTS_WITH_DIFFERENT_EFFECTIVE_AT = "exists_with_different_effective_at"
    EXISTS = "exists"
    DEBIT_ACCOUNT_ID_MUST_NOT_BE_ZERO = "debit_account_id_must_not_be_zero"
    DEBIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX = "debit_account_id_must_not_be_int_max"
    CREDIT_ACCOUNT_ID_MUST_NOT_BE_ZERO = "credit_account_id_must_not_be_zero"
    CREDIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX = "credit_account_id_must_not_be_int_max"
    ACCOUNTS_MUST_BE_DIFFERENT = "accounts_must_be_different"
    PENDING_ID_MUST_BE_ZERO = "pending_id_must_be_zero"
    TIMEOUT_RESERVED_FOR_PENDING_TRANSFER = "timeout_reserved_for_pending_transfer"
    AMOUNT_MUST_NOT_BE_ZERO = "amount_must_not_be_zero"
    LEDGER_MUST_NOT_BE_ZERO = "ledger_must_not_be_zero"
    CODE_MUST_NOT_BE_ZERO = "code_must_not_be_zero"
    DEBIT_ACCOUNT_NOT_FOUND = "debit_account_not_found"
    CREDIT_ACCOUNT_NOT_FOUND = "credit_account_not_found"
    ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER = "accounts_must_have_the_same_ledger"
    TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS = "transfer_must_have_the_same_ledger_as_accounts"
    DEBIT_ACCOUNT_ALREADY_CLOSED = "debit_account_already_closed"
    CREDIT_ACCOUNT_ALREADY_CLOSED = "credit_account_already_closed"
    OVERFLOWS_DEBITS_POSTED = "overflows_debits_posted"
    OVERFLOWS_CREDITS_POSTED = "overflows_credits_posted"
    OVERFLOWS_DEBITS = "overflows_debits"
    OVERFLOWS_CREDITS = "overflows_credits"
    EXCEEDS_CREDITS = "exceeds_credits"
    EXCEEDS_DEBITS = "exceeds_debits"
    CREATED = "created"


def judge_all(
    transfers: Sequence[Transfer], *, accounts: Mapping[UUID, AccountState], known: Mapping[UUID, Transfer]
) -> list[Result]:
    """The result of each transfer in turn: a later one meets what the earlier ones of the batch did."""
    books, posted, results = dict(accounts), dict(known), []
    for transfer in transfers:
        debit, credit = books.get(transfer.debit_account_id), books.get(transfer.credit_account_id)
        result = judge(transfer, debit=debit, credit=credit, existing=posted.get(transfer.id))
        if result is Result.CREATED and debit and credit:
            posted[transfer.id] = transfer
            books[debit.id] = debit.debited(transfer.amount)
            books[credit.id] = credit.credited(transfer.amount)
        results.append(result)
    return results


def judge(
    transfer: Transfer, *, debit: AccountState | None, credit: AccountState | None, existing: Transfer | None
) -> Result:
    """What becomes of one transfer between these two accounts, given the transfer of the same id, if there is one."""
    if refused := _first(_OF_THE_ID, transfer):
        return refused
    if existing is not None:
        return _compared(transfer, existing)
    if refused := _first(_OF_THE_TRANSFER, transfer):
        return refused
    if debit is None:
        return Result.DEBIT_ACCOUNT_NOT_FOUND
    if credit is None:
        return Result.CREDIT_ACCOUNT_NOT_FOUND
    return _first(_OF_THE_ACCOUNTS, transfer, debit, credit) or Result.CREATED


_ZERO, _INT_MAX = UUID(int=0), UUID(int=LARGEST)

_OF_THE_ID: Sequence[tuple[Result, Callable[[Transfer], bool]]] = (
    (Result.RESERVED_FLAG, lambda t: t.flags != 0),
    (Result.ID_MUST_NOT_BE_ZERO, lambda t: t.id == _ZERO),
    (Result.ID_MUST_NOT_BE_INT_MAX, lambda t: t.id == _INT_MAX),
)

#: Fields in the order in which a difference is named.
_COMPARED = (
    "flags",
    "pending_id",
    "timeout",
    "debit_account_id",
    "credit_account_id",
    "amount",
    "user_data_128",
    "user_data_64",
    "user_data_32",
    "ledger",
    "code",
    "effective_at",
)

_OF_THE_TRANSFER: Sequence[tuple[Result, Callable[[Transfer], bool]]] = (
    (Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_ZERO, lambda t: t.debit_account_id == _ZERO),
    (Result.DEBIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX, lambda t: t.debit_account_id == _INT_MAX),
    (Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_ZERO, lambda t: t.credit_account_id == _ZERO),
    (Result.CREDIT_ACCOUNT_ID_MUST_NOT_BE_INT_MAX, lambda t: t.credit_account_id == _INT_MAX),
    (Result.ACCOUNTS_MUST_BE_DIFFERENT, lambda t: t.debit_account_id == t.credit_account_id),
    (Result.PENDING_ID_MUST_BE_ZERO, lambda t: t.pending_id is not None),
    (Result.TIMEOUT_RESERVED_FOR_PENDING_TRANSFER, lambda t: t.timeout != 0),
    (Result.AMOUNT_MUST_NOT_BE_ZERO, lambda t: t.amount == 0),
    (Result.LEDGER_MUST_NOT_BE_ZERO, lambda t: t.ledger == 0),
    (Result.CODE_MUST_NOT_BE_ZERO, lambda t: t.code == 0),
)

_OF_THE_ACCOUNTS: Sequence[tuple[Result, Callable[[Transfer, AccountState, AccountState], bool]]] = (
    (Result.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER, lambda t, dr, cr: dr.ledger != cr.ledger),
    (Result.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS, lambda t, dr, cr: t.ledger != dr.ledger),
    (Result.DEBIT_ACCOUNT_ALREADY_CLOSED, lambda t, dr, cr: dr.has(AccountFlags.CLOSED)),
    (Result.CREDIT_ACCOUNT_ALREADY_CLOSED, lambda t, dr, cr: cr.has(AccountFlags.CLOSED)),
    (Result.OVERFLOWS_DEBITS_POSTED, lambda t, dr, cr: dr.debits_posted + t.amount > LARGEST),
    (Result.OVERFLOWS_CREDITS_POSTED, lambda t, dr, cr: cr.credits_posted + t.amount > LARGEST),
    (Result.OVERFLOWS_DEBITS, lambda t, dr, cr: dr.debits_pending + dr.debits_posted + t.amount > LARGEST),
    (Result.OVERFLOWS_CREDITS, lambda t, dr, cr: cr.credits_pending + cr.credits_posted + t.amount > LARGEST),
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
    return next((result for result, applies in rules if applies(*facts)), None)


def _compared(transfer: Transfer, existing: Transfer) -> Result:
    for field in _COMPARED:
        if getattr(transfer, field) != getattr(existing, field):
            return Result(f"exists_with_different_{field}")
    return Result.EXISTS
