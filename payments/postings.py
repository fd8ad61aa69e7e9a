"""Each payment fact as entries in the ledger (blueprint §8, billing rules §7.3). Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode
from ledger.entries import Entry, Occasion


class CashFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved at a gateway, its `id` that of the payment, payout, dispute or refund. Pico-units.

    `about` is the document, or the fact itself where it concerns none.
    """

    id: UUID
    tenant_id: UUID
    about: UUID
    payer_id: UUID
    currency: str
    gateway: str
    amount: int
    effective_at: datetime

    def account(self, code: Code) -> AccountIdentity:
        """The payer's account; cash is kept apart by gateway."""
        sub = self.gateway if code is Code.CASH_CLEARING else ""
        return AccountIdentity(self.payer_id, self.currency, code, sub)

    def entry(self, fact: str, what: str, debit: Code, credit: Code, amount: int, code: TransferCode) -> Entry:
        occasion = Occasion(
            tenant_id=self.tenant_id,
            kind="payment",
            id=self.id,
            fact=fact,
            about=self.about,
            effective_at=self.effective_at,
        )
        return occasion.entry(what, self.account(debit), self.account(credit), amount, code)


def received(facts: CashFacts, *, applied: int) -> list[Entry]:
    """1000/1100 for what settles the document, 1000/2150 for what is more than is owed. `applied` ≤ the amount."""
    more, cash = facts.amount - applied, Code.CASH_CLEARING
    return [
        facts.entry("received", "applied", cash, Code.ACCOUNTS_RECEIVABLE, applied, TransferCode.PAYMENT),
        facts.entry("received", "unapplied", cash, Code.UNAPPLIED_CASH, more, TransferCode.OVERPAYMENT),
    ]


def applied(facts: CashFacts) -> list[Entry]:
    """2150/1100: unapplied cash settles a document."""
    code = TransferCode.UNAPPLIED_APPLIED
    return [facts.entry("applied", "cash", Code.UNAPPLIED_CASH, Code.ACCOUNTS_RECEIVABLE, facts.amount, code)]


def refund_promised(facts: CashFacts) -> list[Entry]:
    """2150/2300: unapplied cash is to be sent back."""
    code = TransferCode.REFUND_PROMISED
    return [facts.entry("refund promised", "cash", Code.UNAPPLIED_CASH, Code.REFUNDS_PAYABLE, facts.amount, code)]


def refunded(facts: CashFacts) -> list[Entry]:
    """2300/1000: what was to be sent back has left."""
    code = TransferCode.REFUND
    return [facts.entry("refunded", "cash", Code.REFUNDS_PAYABLE, Code.CASH_CLEARING, facts.amount, code)]


def paid_out(facts: CashFacts) -> list[Entry]:
    """1010/1000: the gateway sent it to the bank account."""
    return [facts.entry("paid out", "cash", Code.BANK, Code.CASH_CLEARING, facts.amount, TransferCode.PAYOUT)]


def fee_kept(facts: CashFacts) -> list[Entry]:
    """5300/1000: what the gateway kept for its service."""
    return [facts.entry("fee", "fee", Code.PAYMENT_FEES, Code.CASH_CLEARING, facts.amount, TransferCode.PAYMENT_FEE)]


def dispute_opened(facts: CashFacts) -> list[Entry]:
    """1300/1000: the gateway took it back until the dispute is decided."""
    code = TransferCode.DISPUTE_OPENED
    return [facts.entry("dispute opened", "cash", Code.DISPUTED_RECEIVABLE, Code.CASH_CLEARING, facts.amount, code)]


def dispute_won(facts: CashFacts) -> list[Entry]:
    """1000/1300: it came back."""
    code = TransferCode.DISPUTE_WON
    return [facts.entry("dispute won", "cash", Code.CASH_CLEARING, Code.DISPUTED_RECEIVABLE, facts.amount, code)]


def dispute_lost(facts: CashFacts, *, owed_again: bool) -> list[Entry]:
    """1100/1300 where the customer still owes it, 5000/1300 where it is given up."""
    owed = Code.ACCOUNTS_RECEIVABLE if owed_again else Code.BAD_DEBT
    code = TransferCode.DISPUTE_LOST
    return [facts.entry("dispute lost", "cash", owed, Code.DISPUTED_RECEIVABLE, facts.amount, code)]
