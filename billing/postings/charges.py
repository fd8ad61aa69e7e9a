"""What a charge key's difference moves. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode
from ledger.entries import Entry


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A difference of a charge key, in pico-units as `booked` counts it: above zero where more is owed.

    The payer owes, the customer was served.
    """

    id: UUID
    key_id: UUID
    customer_id: UUID
    payer_id: UUID
    currency: str
    amount: int
    effective_at: datetime
    journal_id: UUID

    def served(self, code: Code) -> AccountIdentity:
        return AccountIdentity(self.customer_id, self.currency, code)

    def entry(self, debit: AccountIdentity, credit: AccountIdentity, code: TransferCode) -> Entry:
        return Entry(
            id=self.id,
            debit=debit,
            credit=credit,
            amount=self.amount,
            code=code,
            about=self.key_id,
            journal_id=self.journal_id,
            effective_at=self.effective_at,
        )


def charge(moved: Movement, *, in_advance: bool) -> Entry:
    """Usage or fee in arrears 1200/4000; fee in advance 1200/2000."""
    return _unbilled(moved, Code.DEFERRED_REVENUE if in_advance else Code.REVENUE)


def discount(moved: Movement, *, in_advance: bool) -> Entry:
    """4100/1200; on what is still deferred 2000/1200: nothing was earned yet that could be given up (§7.1)."""
    return _unbilled(moved, Code.DEFERRED_REVENUE if in_advance else Code.DISCOUNTS)


def accrual(moved: Movement) -> Entry:
    """1210/4000: what is earned by an accounting cut-off and not booked yet (§7.2). Never on a document."""
    return moved.entry(moved.served(Code.ACCRUED_INCOME), moved.served(Code.REVENUE), TransferCode.ACCRUAL)


def recognition(moved: Movement) -> Entry:
    """2000/4000: what of a fee in advance was earned since the last look (§7.1)."""
    return moved.entry(moved.served(Code.DEFERRED_REVENUE), moved.served(Code.REVENUE), TransferCode.RECOGNITION)


def _unbilled(moved: Movement, against: Code) -> Entry:
    owed = AccountIdentity(moved.payer_id, moved.currency, Code.UNBILLED_RECEIVABLE)
    return moved.entry(owed, moved.served(against), TransferCode.CHARGE)
