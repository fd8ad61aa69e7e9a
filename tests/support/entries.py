"""Entries as an accountant writes them down."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from ledger.chart import TransferCode
from ledger.entries import Entry, accounts_of, transfers

TENANT, CUSTOMER, PAYER, ABOUT, FACT = (UUID(int=n) for n in range(1, 6))

#: (debited code, credited code, amount, what for)
Shown = tuple[int, int, int, TransferCode]


def shown(entries: Iterable[Entry]) -> list[Shown]:
    """The entries as they are posted: amounts above zero, those of zero left out."""
    several = list(entries)
    codes = {account.id_in(TENANT): int(account.code) for account in accounts_of(several)}
    return [
        (codes[one.debit_account_id], codes[one.credit_account_id], one.amount, TransferCode(one.code))
        for one in transfers(several, lambda account: account.id_in(TENANT), open_from=None)
    ]


def moved(entries: Iterable[Entry]) -> dict[int, int]:
    """By code: debits − credits, accounts that come to zero left out."""
    sums: dict[int, int] = {}
    for debit, credit, amount, _ in shown(entries):
        sums[debit] = sums.get(debit, 0) + amount
        sums[credit] = sums.get(credit, 0) - amount
    return {code: amount for code, amount in sorted(sums.items()) if amount}
