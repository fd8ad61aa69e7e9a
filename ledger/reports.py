"""What the books say, as values. Signed amounts are debits − credits, in pico-units."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec


class Booked(NamedTuple):
    """How many charge transfers a key has, and their signed sum."""

    transfers: int
    amount: int


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer as the account saw it: signed amount, balance after it, and the account on the other side."""

    transfer_id: UUID
    effective_at: datetime
    belongs_at: datetime | None
    recorded_at: datetime
    ordinal: int
    code: int
    amount: int
    balance: int
    counter_id: UUID
    counter_code: int
    counter_sub: str
    journal_id: UUID
    user_data_128: UUID | None


class Place(msgspec.Struct, frozen=True):
    """Where a page of a statement ends, and the balance there: the next one goes on from it."""

    effective_at: datetime
    ordinal: int
    balance: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """An account's movements in the order in which they count, between two signed balances.

    `next` is where the next page begins; None where there is none.
    """

    opening: int
    movements: tuple[Movement, ...]
    closing: int
    next: Place | None = None


class TrialBalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts of one code in one currency; a ledger that is no currency's is named as exports name it: L7."""

    currency: str
    code: int
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        return self.debits - self.credits


class TrialBalance(msgspec.Struct, frozen=True):
    """Rows by currency and code. In each currency the balances add up to nothing."""

    rows: tuple[TrialBalanceRow, ...]

    def totals(self) -> dict[str, tuple[int, int]]:
        """Debits and credits of each currency: always equal."""
        sums: dict[str, tuple[int, int]] = {}
        for row in self.rows:
            debit, credit = sums.get(row.currency, (0, 0))
            sums[row.currency] = (debit + row.debits, credit + row.credits)
        return sums
