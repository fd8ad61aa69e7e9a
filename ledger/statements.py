"""An account's movements, page by page, each with the balance after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet, Sum

from core.access.scope import tenant_id
from ledger.accounts import AccountIdentity
from ledger.models import Account, Transfer
from ledger.models.accounts import flagged
from ledger.reports import Movement, Place, Statement
from ledger.transfers import UNPOSTED

#: A statement of everything is read in pages of so many movements.
_PAGE = 1000
_SIDES = ("debit_account_id", "credit_account_id")
_FIELDS = (
    *("effective_at", "ordinal", "id", "timestamp", "belongs_at", "code", "amount", *_SIDES),
    *("journal_id", "user_data_128"),
)
_order = itemgetter(0, 1)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What counted from `start` up to but not including `end`, as far as it was recorded by an instant."""

    start: datetime | None = None
    end: datetime | None = None
    recorded_by: datetime | None = None

    @property
    def condition(self) -> Q:
        within = Q() if self.start is None else Q(effective_at__gte=self.start)
        return within & self._known & (Q() if self.end is None else Q(effective_at__lt=self.end))

    @property
    def before(self) -> Q:
        """What counted before it. Only of a span with a start."""
        return self._known & Q(effective_at__lt=self.start)

    @property
    def _known(self) -> Q:
        return Q() if self.recorded_by is None else Q(timestamp__lte=self.recorded_by)


def statement(
    account: AccountIdentity, *, span: Span | None = None, after: Place | None = None, limit: int | None = None
) -> Statement:
    """Opening balance, movements in the order in which they count, closing balance; of the tenant in scope.

    With a `limit` a page of so many; its `next` is where the page after it begins. A page takes as long as it is
    long, however many movements come before it; only the opening balance of a span that starts somewhere is a sum.
    """
    account_id, within = account.id_in(tenant_id()), span or Span()
    opening = after.balance if after else _opening(account_id, within)
    most = None if limit is None else limit + 1
    size = _PAGE if most is None else min(most, _PAGE)
    movements = tuple(islice(_movements(account_id, within, after, opening, size), most))
    shown = movements[:limit]
    closing = shown[-1].balance if shown else opening
    last = shown[-1] if len(movements) > len(shown) and shown else None
    following = Place(last.effective_at, last.ordinal, last.balance) if last else None
    return Statement(account=account, opening=opening, movements=shown, closing=closing, next=following)


def posted() -> QuerySet[Transfer]:
    """What moved posted balances: neither a pending transfer nor one that voids it did."""
    found: QuerySet[Transfer] = Transfer.objects.filter(flagged(UNPOSTED, 0))
    return found


def net(account_id: UUID, condition: Q) -> int:
    """Debits − credits of what was posted to the account under a condition: two sums, each along its own index."""
    debit, credit = (
        posted().filter(condition, **{side: account_id}).aggregate(sum=Sum("amount", default=0))["sum"]
        for side in _SIDES
    )
    return int(debit - credit)


def _opening(account_id: UUID, span: Span) -> int:
    return 0 if span.start is None else net(account_id, span.before)


def _movements(account_id: UUID, span: Span, after: Place | None, opening: int, size: int) -> Iterator[Movement]:
    running = opening
    while page := _page(account_id, span, after, size):
        counters = _counters(account_id, page)
        for row in page:
            movement = _movement(account_id, row, counters, running)
            running = movement.balance
            yield movement
        if len(page) < size:
            return
        after = Place(page[-1][0], page[-1][1], running)


def _page(account_id: UUID, span: Span, after: Place | None, size: int) -> list[tuple[Any, ...]]:
    """The next movements, each side read along its own index."""
    further = span.condition
    if after is not None:
        later = Q(effective_at__gt=after.effective_at) | Q(ordinal__gt=after.ordinal)
        further &= Q(effective_at__gte=after.effective_at) & later
    sides = (
        posted().filter(further, **{side: account_id}).order_by("effective_at", "ordinal").values_list(*_FIELDS)[:size]
        for side in _SIDES
    )
    return list(islice(merge(*sides, key=_order), size))


def _counters(account_id: UUID, page: Sequence[tuple[Any, ...]]) -> dict[UUID, tuple[int, str]]:
    """Code and sub of the accounts on the other side."""
    ids = {one for row in page for one in row[7:9]} - {account_id}
    rows = Account.objects.filter(pk__among=ids).values_list("pk", "code", "sub")
    return {key: (code, sub) for key, code, sub in rows}


def _movement(account_id: UUID, row: tuple[Any, ...], counters: dict[UUID, tuple[int, str]], running: int) -> Movement:
    effective_at, ordinal, identity, recorded_at, belongs_at, code, amount, debit, credit, journal_id, about = row
    debited = debit == account_id
    counter = credit if debited else debit
    signed = amount if debited else -amount
    return Movement(
        transfer_id=identity,
        effective_at=effective_at,
        belongs_at=belongs_at,
        recorded_at=recorded_at,
        ordinal=ordinal,
        code=code,
        amount=signed,
        balance=running + signed,
        counter_id=counter,
        counter_code=counters[counter][0],
        counter_sub=counters[counter][1],
        journal_id=journal_id,
        user_data_128=about,
    )
