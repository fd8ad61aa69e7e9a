"""The part of the books that a batch meets, as values; what the batch does to it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from ledger.accounts import AccountState
from ledger.chart import AccountFlags
from ledger.results import TRANSIENT, Result
from ledger.transfers import RESOLVING, UNPOSTED, Transfer, TransferFlags


class PendingState(StrEnum):
    """What became of a pending transfer."""

    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


class Pending(msgspec.Struct, frozen=True):
    """How a pending transfer stands. None never expires."""

    expires_at: datetime | None = None
    state: PendingState = PendingState.PENDING


class Books:
    """Accounts, known transfers, how the pending ones stand, and ids that failed for good.

    What is booked changes the accounts given. `created` and `failed_now` (id → result) are what is new, in order.
    """

    def __init__(
        self,
        *,
        accounts: dict[UUID, AccountState],
        transfers: Mapping[UUID, Transfer] | None = None,
        pending: Mapping[UUID, Pending] | None = None,
        failed: Iterable[UUID] = (),
    ) -> None:
        self.accounts, self.transfers, self.pending = accounts, dict(transfers or {}), dict(pending or {})
        self.failed = set(failed)
        self.created: list[Transfer] = []
        self.failed_now: dict[UUID, Result] = {}
        # Since a chain began: what stood where, before it was changed. None outside of chains.
        self._before: list[tuple[dict[UUID, Any], UUID, Any]] | None = None
        self._created_before = 0

    def begin(self) -> None:
        """From here to `end`, changes can be taken back."""
        self._before, self._created_before = [], len(self.created)

    def end(self) -> None:
        """What was done since `begin` stays."""
        self._before = None

    def take_back(self) -> None:
        """As things stood at `begin`; what failed meanwhile stays failed."""
        assert self._before is not None
        for table, key, value in reversed(self._before):
            if value is None:
                del table[key]
            else:
                table[key] = value
        del self.created[self._created_before :]
        self._before = None

    def note(self, transfer: Transfer, result: Result) -> None:
        """An id that failed for a passing reason is spent."""
        if result in TRANSIENT:
            self.failed.add(transfer.id)
            self.failed_now[transfer.id] = result

    def book(self, transfer: Transfer, *, at: datetime) -> None:
        """The transfer with what it does to both accounts; it was judged before, and names its accounts."""
        self._changing(self.transfers, transfer.id)
        self.transfers[transfer.id] = transfer
        self.created.append(transfer)
        if transfer.has(TransferFlags.PENDING):
            self._hold(transfer, at)
        elif transfer.has(RESOLVING):
            posts = transfer.has(TransferFlags.POST_PENDING_TRANSFER)
            self._release(transfer, PendingState.POSTED if posts else PendingState.VOIDED)
        if not transfer.has(UNPOSTED):
            self._move(transfer, posted=transfer.amount)

    def _hold(self, transfer: Transfer, at: datetime) -> None:
        self._move(transfer, pending=transfer.amount)
        self._stand(transfer.id, Pending(expiry(transfer, at=at)))
        for account_id in closed_by(transfer):
            self.accounts[account_id].flags |= int(AccountFlags.CLOSED)

    def _release(self, transfer: Transfer, state: PendingState) -> None:
        assert transfer.pending_id is not None
        held = self.transfers[transfer.pending_id]
        self._move(held, pending=-held.amount)
        self._stand(held.id, Pending(self.pending[held.id].expires_at, state))
        for account_id in closed_by(held):
            self.accounts[account_id].flags &= ~int(AccountFlags.CLOSED)

    def _stand(self, transfer_id: UUID, pending: Pending) -> None:
        self._changing(self.pending, transfer_id)
        self.pending[transfer_id] = pending

    def _move(self, transfer: Transfer, *, pending: int = 0, posted: int = 0) -> None:
        if self._before is not None:
            self._changing(self.accounts, transfer.debit_account_id)
            self._changing(self.accounts, transfer.credit_account_id)
        debit, credit = self.accounts[transfer.debit_account_id], self.accounts[transfer.credit_account_id]
        debit.debits_pending += pending
        debit.debits_posted += posted
        credit.credits_pending += pending
        credit.credits_posted += posted

    def _changing(self, table: dict[UUID, Any], key: UUID) -> None:
        """Remembers what stands there, for it is about to be changed."""
        if self._before is not None:
            self._before.append((table, key, copy(table.get(key))))


def expiry(transfer: Transfer, *, at: datetime) -> datetime | None:
    """When a pending transfer recorded at that instant expires, None for never. Raises OverflowError past 9999."""
    return at + timedelta(seconds=transfer.timeout) if transfer.timeout else None


def closed_by(transfer: Transfer) -> list[UUID]:
    """The accounts that a pending transfer closes while it is not voided."""
    sides = [
        (TransferFlags.CLOSING_DEBIT, transfer.debit_account_id),
        (TransferFlags.CLOSING_CREDIT, transfer.credit_account_id),
    ]
    return [account_id for flag, account_id in sides if transfer.has(flag)]
