"""Transfers as values: one amount from one account to another of the same currency."""

from __future__ import annotations

from datetime import datetime
from enum import IntFlag
from uuid import UUID

import msgspec

from ledger.accounts import LARGEST, NO_ID, check_widths

TRANSFER_BITS = {"user_data_64": 64, "user_data_32": 32, "timeout": 32, "ledger": 32, "code": 16, "flags": 16}


class TransferFlags(IntFlag):
    """TigerBeetle's, with its bits."""

    LINKED = 1 << 0
    PENDING = 1 << 1
    POST_PENDING_TRANSFER = 1 << 2
    VOID_PENDING_TRANSFER = 1 << 3
    BALANCING_DEBIT = 1 << 4
    BALANCING_CREDIT = 1 << 5
    CLOSING_DEBIT = 1 << 6
    CLOSING_CREDIT = 1 << 7
    IMPORTED = 1 << 8


#: All that a transfer may have: whoever imports says when it counts, never when it was recorded.
KNOWN_FLAGS = sum(flag.value for flag in TransferFlags if flag is not TransferFlags.IMPORTED)
#: What settles a pending transfer.
RESOLVING = TransferFlags.POST_PENDING_TRANSFER | TransferFlags.VOID_PENDING_TRANSFER
BALANCING = TransferFlags.BALANCING_DEBIT | TransferFlags.BALANCING_CREDIT
CLOSING = TransferFlags.CLOSING_DEBIT | TransferFlags.CLOSING_CREDIT
#: What leaves the posted balances alone.
UNPOSTED = TransferFlags.PENDING | TransferFlags.VOID_PENDING_TRANSFER


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be posted, or was. Raises ValueError for a number that its field can't hold or a naive instant.

    Fields and widths are TigerBeetle's. `amount` is in pico-units, `timeout` in seconds. `ledger` is the currency's
    ISO 4217 number; `user_data_128` names what the transfer is about (a charge key, a document); transfers of one
    operation share `journal_id`; `effective_at` is when it counts, and `belongs_at` when it would, were that
    accounting period not closed. An id of zero says the same as None.
    """

    id: UUID
    debit_account_id: UUID
    credit_account_id: UUID
    amount: int
    ledger: int
    code: int
    effective_at: datetime
    journal_id: UUID
    user_data_128: UUID | None = None
    user_data_64: int = 0
    user_data_32: int = 0
    flags: int = 0
    pending_id: UUID | None = None
    timeout: int = 0
    belongs_at: datetime | None = None

    def __post_init__(self) -> None:
        if type(self.amount) is not int or not 0 <= self.amount <= LARGEST:
            raise ValueError(f"a transfer's amount is an unsigned 128-bit integer, not {self.amount!r}")
        if self.effective_at.utcoffset() is None:
            raise ValueError("a transfer counts from an instant with an offset")
        check_widths(self, TRANSFER_BITS)
        for field in ("user_data_128", "pending_id"):
            if getattr(self, field) == NO_ID:
                msgspec.structs.force_setattr(self, field, None)

    @property
    def meant_at(self) -> datetime:
        """When it counts, or would, were that accounting period not closed."""
        return self.belongs_at or self.effective_at

    def has(self, flags: TransferFlags) -> bool:
        """Whether any of these flags is set."""
        return int.__and__(self.flags, flags) != 0  # as numbers: a flag's own & takes twenty times as long


class TransferRecord(Transfer, frozen=True, kw_only=True):
    """A transfer that is in the books, and when it was recorded."""

    timestamp: datetime


def between(
    *,
    id: UUID,
    debit_account_id: UUID,
    credit_account_id: UUID,
    amount: int,
    ledger: int,
    code: int,
    effective_at: datetime,
    journal_id: UUID,
    user_data_128: UUID | None = None,
) -> Transfer:
    """The transfer of a signed `amount`: a negative one is the same pair the other way round (blueprint §8)."""
    sides = (debit_account_id, credit_account_id) if amount >= 0 else (credit_account_id, debit_account_id)
    return Transfer(
        id=id,
        debit_account_id=sides[0],
        credit_account_id=sides[1],
        amount=abs(amount),
        ledger=ledger,
        code=code,
        effective_at=effective_at,
        journal_id=journal_id,
        user_data_128=user_data_128,
    )


def reverse(transfer: Transfer, *, id: UUID, effective_at: datetime, journal_id: UUID) -> Transfer:
    """The transfer that takes another one back: its accounts change sides, and it is plain; all else stays.

    Raises ValueError for one that posted nothing: a pending transfer is voided.
    """
    if transfer.has(UNPOSTED):
        raise ValueError("only what was posted is reversed: a pending transfer is voided")
    taken = ("amount", "ledger", "code", "user_data_128", "user_data_64", "user_data_32")
    return Transfer(
        id=id,
        debit_account_id=transfer.credit_account_id,
        credit_account_id=transfer.debit_account_id,
        effective_at=effective_at,
        journal_id=journal_id,
        **{field: getattr(transfer, field) for field in taken},
    )
