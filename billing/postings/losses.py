"""What giving a receivable up moves, and getting it after all. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode
from ledger.entries import Entry, Occasion


class LossFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A receivable given up, gross: `tax` of it is what the tax office may give back. Amounts in pico-units."""

    id: UUID
    tenant_id: UUID
    document_id: UUID
    payer_id: UUID
    currency: str
    gross: int
    tax: int
    effective_at: datetime

    def account(self, code: Code) -> AccountIdentity:
        return AccountIdentity(self.payer_id, self.currency, code)

    def occasion(self, fact: str) -> Occasion:
        return Occasion(
            tenant_id=self.tenant_id,
            kind="loss",
            id=self.id,
            fact=fact,
            about=self.document_id,
            effective_at=self.effective_at,
        )


def written_off(facts: LossFacts) -> list[Entry]:
    """5000/1100, gross (billing rules §7.3)."""
    return [_given_up(facts, facts.occasion("written off"), TransferCode.WRITE_OFF, sign=1)]


def tax_relieved(facts: LossFacts) -> list[Entry]:
    """2200/5000 when the relief is claimed: the loss is the net amount from then on."""
    return [_relieved(facts, facts.occasion("tax relieved"), TransferCode.TAX_RELIEF, sign=1)]


def recovered(facts: LossFacts, *, relieved: bool) -> list[Entry]:
    """Both the other way round, the relief only where it was claimed; the payment then settles 1100 as any does."""
    occasion = facts.occasion("recovered")
    back = [_given_up(facts, occasion, TransferCode.RECOVERY, sign=-1)]
    return [*back, _relieved(facts, occasion, TransferCode.RECOVERY, sign=-1)] if relieved else back


def _given_up(facts: LossFacts, occasion: Occasion, code: TransferCode, *, sign: int) -> Entry:
    lost, receivable = facts.account(Code.BAD_DEBT), facts.account(Code.ACCOUNTS_RECEIVABLE)
    return occasion.entry("gross", lost, receivable, sign * facts.gross, code)


def _relieved(facts: LossFacts, occasion: Occasion, code: TransferCode, *, sign: int) -> Entry:
    payable, lost = facts.account(Code.TAX_PAYABLE), facts.account(Code.BAD_DEBT)
    return occasion.entry("tax", payable, lost, sign * facts.tax, code)
