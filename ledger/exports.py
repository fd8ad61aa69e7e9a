"""Reading the books for an export: accounts by name, posted transfers in the order in which they count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Min, QuerySet

from ledger import statements
from ledger.accounts import commodity
from ledger.journal.entries import NamedAccount, Posted
from ledger.models import Account, Transfer
from ledger.statements import Span

_CHUNK = 2000
_FIELDS = (
    *("id", "journal_id", "user_data_128", "code", "amount", "effective_at", "timestamp"),
    *("belongs_at", "debit_account_id", "credit_account_id"),
)


def accounts() -> dict[UUID, NamedAccount]:
    """Every account of the tenant in scope."""
    rows = Account.objects.values_list("id", "code", "customer__key", "sub", "currency", "ledger")
    return {
        identity: NamedAccount(
            code=code, owner=str(identity) if key is None else key, sub=sub, commodity=commodity(currency, ledger)
        )
        for identity, code, key, sub, currency, ledger in rows.iterator(chunk_size=_CHUNK)
    }


def first_at(*, start: datetime | None = None, end: datetime | None = None) -> datetime | None:
    """When the first exported transfer counts; None where there is none."""
    earliest: datetime | None = _posted(start, end).aggregate(first=Min("effective_at"))["first"]
    return earliest


def posted(
    named: dict[UUID, NamedAccount], *, start: datetime | None = None, end: datetime | None = None
) -> Iterator[Posted]:
    """The posted transfers that count from `start` up to but not including `end`, an operation's one after another."""
    rows = _posted(start, end).order_by("effective_at", "timestamp", "journal_id", "code", "id")
    for row in rows.values_list(*_FIELDS).iterator(chunk_size=_CHUNK):
        identity, journal_id, about, code, amount, effective_at, recorded_at, belongs_at, debit, credit = row
        yield Posted(
            id=identity,
            journal_id=journal_id,
            about=about,
            code=code,
            amount=amount,
            debit=named[debit],
            credit=named[credit],
            effective_at=effective_at,
            recorded_at=recorded_at,
            belongs_at=belongs_at,
        )


def _posted(start: datetime | None, end: datetime | None) -> QuerySet[Transfer]:
    return statements.posted().filter(Span(start=start, end=end).condition)
