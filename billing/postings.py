"""Each billing fact as transfers (blueprint §8, billing rules §6 and §7). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from core.currency import currency
from core.ids import derived_id
from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode
from ledger.transfers import Transfer, between

if TYPE_CHECKING:
    from collections.abc import Callable


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A signed amount to be moved from `debit` to `credit`, before accounts have ids."""

    id: UUID
    debit: AccountIdentity
    credit: AccountIdentity
    amount: int
    code: TransferCode
    about: UUID
    journal_id: UUID
    effective_at: datetime


def accounts_of(entries: Iterable[Entry]) -> set[AccountIdentity]:
    """The accounts that must be open before the entries are posted."""
    return {account for entry in entries for account in (entry.debit, entry.credit)}


def transfers(entries: Iterable[Entry], account_id: Callable[[AccountIdentity], UUID]) -> list[Transfer]:
    """The entries as transfers; those of zero are left out."""
    return [
        between(
            id=entry.id,
            debit_account_id=account_id(entry.debit),
            credit_account_id=account_id(entry.credit),
            amount=entry.amount,
            ledger=currency(entry.debit.currency).number,
            code=entry.code,
            effective_at=entry.effective_at,
            journal_id=entry.journal_id,
            user_data_128=entry.about,
        )
        for entry in entries
        if entry.amount
    ]


def charge(
    *,
    id: UUID,
    key_id: UUID,
    customer_id: UUID,
    payer_id: UUID,
    currency_code: str,
    in_advance: bool,
    amount: int,
    effective_at: datetime,
    journal_id: UUID,
) -> Entry:
    """Usage or fee in arrears 1200/4000; fee in advance 1200/2000. The payer owes, the customer was served."""
    earned = Code.DEFERRED_REVENUE if in_advance else Code.REVENUE
    return Entry(
        id=id,
        debit=AccountIdentity(payer_id, currency_code, Code.UNBILLED_RECEIVABLE),
        credit=AccountIdentity(customer_id, currency_code, earned),
        amount=amount,
        code=TransferCode.CHARGE,
        about=key_id,
        journal_id=journal_id,
        effective_at=effective_at,
    )


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


def invoice_opened(facts: DocumentFacts) -> list[Entry]:
    """1100/1200 for the rounded net, the remainder to or from 5200, 1100/2200 for the tax."""
    return _document(facts, sign=1)


def invoice_voided(facts: DocumentFacts, *, paid: int) -> list[Entry]:
    """The opening the other way round; what was paid moves to unapplied cash (billing rules §6.6)."""
    taken_back = _entry(
        facts, "paid", Code.ACCOUNTS_RECEIVABLE, Code.UNAPPLIED_CASH, paid, TransferCode.PAYMENT_UNAPPLIED, sign=-1
    )
    return [*_document(facts, sign=-1), taken_back]


def _document(facts: DocumentFacts, *, sign: int) -> list[Entry]:
    opened = TransferCode.INVOICE_OPENED if sign > 0 else TransferCode.INVOICE_VOIDED
    remainder = facts.exact - facts.net
    return [
        _entry(facts, "net", Code.ACCOUNTS_RECEIVABLE, Code.UNBILLED_RECEIVABLE, sign * facts.net, opened, sign=sign),
        _entry(
            facts,
            "rounding",
            Code.ROUNDING,
            Code.UNBILLED_RECEIVABLE,
            sign * remainder,
            TransferCode.INVOICE_ROUNDING,
            sign=sign,
        ),
        _entry(facts, "tax", Code.ACCOUNTS_RECEIVABLE, Code.TAX_PAYABLE, sign * facts.tax, TransferCode.TAX, sign=sign),
    ]


def _entry(
    facts: DocumentFacts, what: str, debit: Code, credit: Code, amount: int, code: TransferCode, *, sign: int
) -> Entry:
    fact = "opened" if sign > 0 else "voided"
    return Entry(
        id=derived_id(facts.effective_at, "document", facts.tenant_id, facts.id, fact, what),
        debit=AccountIdentity(facts.payer_id, facts.currency, debit),
        credit=AccountIdentity(facts.payer_id, facts.currency, credit),
        amount=amount,
        code=code,
        about=facts.id,
        journal_id=derived_id(facts.effective_at, "journal", facts.tenant_id, facts.id, fact),
        effective_at=facts.effective_at,
    )
