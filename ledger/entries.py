"""Signed movements between accounts by name, before they are transfers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from core.currency import currency
from core.ids import derived_id
from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode, opening_flags
from ledger.transfers import Transfer, between


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A signed amount to be moved from `debit` to `credit`, before accounts have ids.

    `about` is the charge key or the document that it concerns; entries of one operation share `journal_id`.
    """

    id: UUID
    debit: AccountIdentity
    credit: AccountIdentity
    amount: int
    code: TransferCode
    about: UUID
    journal_id: UUID
    effective_at: datetime


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to one thing: `fact` ("opened") to `kind` ("document") `id`; its entries are a journal.

    Ids of entries are a function of the occasion and of what each is for: booking it again answers `exists`.
    """

    tenant_id: UUID
    kind: str
    id: UUID
    fact: str
    about: UUID
    effective_at: datetime

    def entry(
        self, what: str, debit: AccountIdentity, credit: AccountIdentity, amount: int, code: TransferCode
    ) -> Entry:
        """The entry for `what`, once per occasion."""
        return Entry(
            id=derived_id(self.effective_at, self.kind, self.tenant_id, self.id, self.fact, what),
            debit=debit,
            credit=credit,
            amount=amount,
            code=code,
            about=self.about,
            journal_id=derived_id(self.effective_at, "journal", self.tenant_id, self.kind, self.id, self.fact),
            effective_at=self.effective_at,
        )


def accounts_of(entries: Iterable[Entry]) -> set[AccountIdentity]:
    """The accounts that must be open before the entries are posted."""
    return {account for entry in entries for account in (entry.debit, entry.credit)}


def transfers(
    entries: Iterable[Entry], account_id: Callable[[AccountIdentity], UUID], *, open_from: datetime | None
) -> list[Transfer]:
    """The entries as transfers, those of zero left out; what fills guarded accounts first (billing rules §7.5).

    What is meant for closed time counts from where open time begins, `open_from`, and says where it belongs.
    """
    return [
        _counting(
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
            ),
            open_from,
        )
        for entry in sorted(entries, key=_draws)
        if entry.amount
    ]


def _counting(transfer: Transfer, open_from: datetime | None) -> Transfer:
    if open_from is None or transfer.effective_at >= open_from:
        return transfer
    return replace(transfer, effective_at=open_from, belongs_at=transfer.effective_at)


def _draws(entry: Entry) -> bool:
    """Whether the entry takes from a guarded account: those that put something there come first."""
    taken_from = entry.debit if entry.amount > 0 else entry.credit
    return bool(opening_flags(Code(taken_from.code)))
