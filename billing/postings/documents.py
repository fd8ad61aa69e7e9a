"""What opening and voiding a document moves. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode
from ledger.entries import Entry, Occasion


class DocumentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What booking a document needs; amounts in pico-units, `exact` being the sum of the claimed charges."""

    id: UUID
    tenant_id: UUID
    payer_id: UUID
    currency: str
    exact: int
    net: int
    tax: int
    effective_at: datetime

    def account(self, code: Code) -> AccountIdentity:
        return AccountIdentity(self.payer_id, self.currency, code)

    def occasion(self, fact: str) -> Occasion:
        return Occasion(
            tenant_id=self.tenant_id,
            kind="document",
            id=self.id,
            fact=fact,
            about=self.id,
            effective_at=self.effective_at,
        )


def opened(facts: DocumentFacts) -> list[Entry]:
    """1100/1200 for the rounded net, the remainder to or from 5200, 1100/2200 for the tax."""
    return _moved(facts, facts.occasion("opened"), TransferCode.INVOICE_OPENED, sign=1)


def voided(facts: DocumentFacts, *, paid: int) -> list[Entry]:
    """The opening the other way round; what was paid moves to unapplied cash (billing rules §6.6)."""
    occasion = facts.occasion("voided")
    receivable, unapplied = facts.account(Code.ACCOUNTS_RECEIVABLE), facts.account(Code.UNAPPLIED_CASH)
    taken_back = occasion.entry("paid", receivable, unapplied, paid, TransferCode.PAYMENT_UNAPPLIED)
    return [*_moved(facts, occasion, TransferCode.INVOICE_VOIDED, sign=-1), taken_back]


def _moved(facts: DocumentFacts, occasion: Occasion, code: TransferCode, *, sign: int) -> list[Entry]:
    receivable, unbilled = facts.account(Code.ACCOUNTS_RECEIVABLE), facts.account(Code.UNBILLED_RECEIVABLE)
    remainder, rounding = facts.exact - facts.net, facts.account(Code.ROUNDING)
    return [
        occasion.entry("net", receivable, unbilled, sign * facts.net, code),
        occasion.entry("rounding", rounding, unbilled, sign * remainder, TransferCode.INVOICE_ROUNDING),
        occasion.entry("tax", receivable, facts.account(Code.TAX_PAYABLE), sign * facts.tax, TransferCode.TAX),
    ]
