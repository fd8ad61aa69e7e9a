"""Each payment fact as transfers (blueprint §8). Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from core.currency import currency
from core.ids import derived_id
from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode
from ledger.transfers import Transfer


class PaymentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What booking a payment needs; amounts in pico-units, `applied` at most `amount`."""

    id: UUID
    tenant_id: UUID
    invoice_id: UUID
    payer_id: UUID
    currency: str
    gateway: str
    amount: int
    applied: int
    effective_at: datetime

    def account(self, code: Code) -> AccountIdentity:
        sub = self.gateway if code is Code.CASH_CLEARING else ""
        return AccountIdentity(self.payer_id, self.currency, code, sub)


def payment(facts: PaymentFacts) -> list[Transfer]:
    """1000/1100 for what settles the document, 1000/2150 for what is more than is owed."""
    parts = (
        (Code.ACCOUNTS_RECEIVABLE, facts.applied, TransferCode.PAYMENT),
        (Code.UNAPPLIED_CASH, facts.amount - facts.applied, TransferCode.OVERPAYMENT),
    )
    return [_transfer(facts, credit, amount, code) for credit, amount, code in parts if amount]


def _transfer(facts: PaymentFacts, credit: Code, amount: int, code: TransferCode) -> Transfer:
    return Transfer(
        id=derived_id(facts.effective_at, "payment", facts.tenant_id, facts.id, code.name),
        debit_account_id=facts.account(Code.CASH_CLEARING).id_in(facts.tenant_id),
        credit_account_id=facts.account(credit).id_in(facts.tenant_id),
        amount=amount,
        ledger=currency(facts.currency).number,
        code=code,
        effective_at=facts.effective_at,
        journal_id=derived_id(facts.effective_at, "journal", facts.tenant_id, "payment", facts.id),
        user_data_128=facts.invoice_id,
    )
