"""What granting and using credit moves; paid credit is money that was taken in, granted credit is not. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode
from ledger.entries import Entry, Occasion

#: What of paid credit expired was earned for nothing; granted credit was given up before, and is taken back.
_EXPIRES_TO = {Code.WALLET_PAID: Code.BREAKAGE, Code.WALLET_GRANTED: Code.GRANTED_CREDIT}


class CreditFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A movement of one wallet, its `id` that of the grant, the application or the expiry. Amounts in pico-units.

    `about` is the grant, or the document that it was applied to.
    """

    id: UUID
    tenant_id: UUID
    wallet: str
    about: UUID
    customer_id: UUID
    currency: str
    amount: int
    paid: bool
    effective_at: datetime

    @property
    def balance(self) -> AccountIdentity:
        """The wallet's account: 2100 for paid credit, 2110 for granted credit; never below zero."""
        return AccountIdentity(self.customer_id, self.currency, self.code, self.wallet)

    @property
    def code(self) -> Code:
        return Code.WALLET_PAID if self.paid else Code.WALLET_GRANTED

    def account(self, code: Code, sub: str = "") -> AccountIdentity:
        return AccountIdentity(self.customer_id, self.currency, code, sub)

    def occasion(self, fact: str) -> Occasion:
        return Occasion(
            tenant_id=self.tenant_id,
            kind="credit",
            id=self.id,
            fact=fact,
            about=self.about,
            effective_at=self.effective_at,
        )


def granted(facts: CreditFacts) -> list[Entry]:
    """4250/2110: contra revenue (billing rules §7.3)."""
    if facts.paid:
        raise ValueError("paid credit is topped up, not granted")
    given = facts.account(Code.GRANTED_CREDIT)
    return [_filled(facts, "granted", given, TransferCode.CREDIT_GRANTED)]


def topped_up(facts: CreditFacts, *, gateway: str) -> list[Entry]:
    """1000/2100: the customer's money, owed back as service."""
    if not facts.paid:
        raise ValueError("granted credit brings no money in")
    return [_filled(facts, "topped up", facts.account(Code.CASH_CLEARING, gateway), TransferCode.TOP_UP)]


def applied(facts: CreditFacts) -> list[Entry]:
    """2100 or 2110/1100: a document is paid with it."""
    return [_drawn(facts, "applied", facts.account(Code.ACCOUNTS_RECEIVABLE), TransferCode.CREDIT_APPLIED)]


def expired(facts: CreditFacts) -> list[Entry]:
    """Paid credit 2100/4300, granted credit 2110/4250."""
    return [_drawn(facts, "expired", facts.account(_EXPIRES_TO[facts.code]), TransferCode.CREDIT_EXPIRED)]


def _filled(facts: CreditFacts, fact: str, source: AccountIdentity, code: TransferCode) -> Entry:
    return facts.occasion(fact).entry("credit", source, facts.balance, facts.amount, code)


def _drawn(facts: CreditFacts, fact: str, use: AccountIdentity, code: TransferCode) -> Entry:
    return facts.occasion(fact).entry("credit", facts.balance, use, facts.amount, code)
