"""What is exported: transfers between named accounts, an operation's together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from core.money import format_pico
from ledger.chart import transfer_name

PLACES = 12


class NamedAccount(msgspec.Struct, frozen=True, order=True):
    """An account by what identifies it; `owner` is the customer's key, or the account's id where it has no customer."""

    code: int
    owner: str
    sub: str
    commodity: str


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A posted transfer; `amount` in pico-units, moved from debit to credit, above or equal to zero."""

    id: UUID
    journal_id: UUID
    about: UUID | None
    code: int
    amount: int
    debit: NamedAccount
    credit: NamedAccount
    effective_at: datetime
    recorded_at: datetime
    belongs_at: datetime | None = None

    @property
    def written(self) -> str:
        return amount(self.amount)

    @property
    def commodity(self) -> str:
        return self.debit.commodity


class Journal(msgspec.Struct, frozen=True):
    """The transfers of one operation that count from one instant."""

    on: date
    id: UUID
    transfers: tuple[Posted, ...]

    @property
    def title(self) -> str:
        """What happened, in words: "invoice opened, tax"."""
        return ", ".join(dict.fromkeys(transfer_name(one.code) for one in self.transfers))


def journals(rows: Iterable[Posted], zone: ZoneInfo) -> Iterator[Journal]:
    """The rows by operation, dated in `zone`; rows of an operation come one after another."""
    for (at, identity), several in groupby(rows, key=lambda row: (row.effective_at, row.journal_id)):
        yield Journal(on=day_of(at, zone), id=identity, transfers=tuple(several))


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day in the zone; at the ends of time, where the zone has none, the day in UTC."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError:
        return instant.astimezone(UTC).date()


def amount(pico: int) -> str:
    """1.500000000000: always twelve decimals."""
    return format_pico(pico, places=PLACES)


def told(instant: datetime) -> str:
    """2026-02-01T00:00:00Z"""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
