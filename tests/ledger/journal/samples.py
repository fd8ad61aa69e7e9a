"""Journals to be written down."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from core.money import PICO
from ledger.chart import TransferCode
from ledger.journal.entries import Journal, NamedAccount, Posted
from tests.support.world import instant

RECEIVABLE = NamedAccount(1100, "c-01", "", "EUR")
UNBILLED = NamedAccount(1200, "c-01", "", "EUR")
ROUNDING = NamedAccount(5200, "c-01", "", "EUR")
CASH = NamedAccount(1000, "Smith & Sons: =1+1", "stripe", "EUR")
OPENED_AT = instant("2026-02-01")


def transfer(n: int, debit: NamedAccount, credit: NamedAccount, pico: int, code: TransferCode) -> Posted:
    return Posted(
        id=UUID(int=n),
        journal_id=UUID(int=9),
        about=UUID(int=8),
        code=int(code),
        amount=pico,
        debit=debit,
        credit=credit,
        effective_at=OPENED_AT,
        recorded_at=instant("2026-02-02"),
    )


OPENING = Journal(
    on=date(2026, 2, 1),
    id=UUID(int=9),
    transfers=(
        transfer(1, RECEIVABLE, UNBILLED, 12 * PICO + 340_000_000_000, TransferCode.INVOICE_OPENED),
        transfer(2, ROUNDING, UNBILLED, 1, TransferCode.INVOICE_ROUNDING),
    ),
)
