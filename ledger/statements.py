"""An account's movements, page by page, each with the balance after it; of the tenant in scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.fields.tuple_lookups import TupleGreaterThan

from ledger.models import Account, Transfer
from ledger.models.accounts import flagged
from ledger.reports import Movement, Place, Statement
from ledger.transfers import UNPOSTED

#: A statement of everything is read in pages of so many movements.
PAGE = 1_000
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
    account_id: UUID, *, span: Span | None = None, after: Place | None = None, limit: int = PAGE
) -> Statement:
    """A page of at most so many movements, in the order in which they count, between two balances.

    Its `next` is where the page after it begins. A page takes as long as it is long, however many movements come before
    it; only the opening balance of a span that starts somewhere is a sum.
    """
    within = span or Span()
    opening = _opening(account_id, within, after)
    rows = _rows(account_id, within.condition & _further(after), limit + 1)
    shown = _movements(account_id, rows[:limit], opening)
    closing = shown[-1].balance if shown else opening
    more = len(rows) > limit
    following = Place(shown[-1].effective_at, shown[-1].ordinal, closing) if more else None
    return Statement(opening=opening, movements=shown, closing=closing, next=following)


def pages(
    account_id: UUID, *, span: Span | None = None, after: Place | None = None, limit: int = PAGE
) -> Iterator[Statement]:
    """The statement from there to its end, page by page; at least one. Inside of a snapshot they belong together."""
    while True:
        page = statement(account_id, span=span, after=after, limit=limit)
        yield page
        if page.next is None:
            return
        after = page.next


def latest(account_id: UUID, *, limit: int) -> tuple[Movement, ...]:
    """The account's last movements, the last first, each with the balance after it. Call it inside of a snapshot."""
    balances = Account.objects.values_list("debits_posted", "credits_posted").get(pk=account_id)
    rows = _rows(account_id, Q(), limit, backward=True)
    before = balances[0] - balances[1] - sum(_signed(account_id, row) for row in rows)
    return _movements(account_id, rows[::-1], before)[::-1]


def closing_balance(account_id: UUID, *, span: Span, after: Place | None = None) -> int:
    """The balance at the end of the statement that begins there."""
    return _opening(account_id, span, after) + net(account_id, span.condition & _further(after))


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


def _opening(account_id: UUID, span: Span, after: Place | None) -> int:
    if after is not None:
        return after.balance
    return 0 if span.start is None else net(account_id, span.before)


def _further(after: Place | None) -> Q:
    """What comes after that place."""
    if after is None:
        return Q()
    # As one comparison of rows: else PostgreSQL goes through what counts in the same instant and came before.
    place = TupleGreaterThan((F("effective_at"), F("ordinal")), (after.effective_at, after.ordinal))
    return Q(place, effective_at__gte=after.effective_at)


def _rows(account_id: UUID, condition: Q, size: int, *, backward: bool = False) -> list[tuple[Any, ...]]:
    """The first movements under the condition, or the last ones, the last first; each side read along its own index."""
    order = [f"-{field}" if backward else field for field in _FIELDS[:2]]
    sides = (
        posted().filter(condition, **{side: account_id}).order_by(*order).values_list(*_FIELDS)[:size]
        for side in _SIDES
    )
    return list(islice(merge(*sides, key=_order, reverse=backward), size))


def _counters(account_id: UUID, rows: Sequence[tuple[Any, ...]]) -> dict[UUID, tuple[int, str]]:
    """Code and sub of the accounts on the other side."""
    ids = {one for row in rows for one in row[7:9]} - {account_id}
    found = Account.objects.filter(pk__among=ids).values_list("pk", "code", "sub")
    return {key: (code, sub) for key, code, sub in found}


def _movements(account_id: UUID, rows: Sequence[tuple[Any, ...]], opening: int) -> tuple[Movement, ...]:
    """Each with the balance after it."""
    counters, running, made = _counters(account_id, rows), opening, []
    for row in rows:
        running += _signed(account_id, row)
        made.append(_movement(account_id, row, counters, running))
    return tuple(made)


def _signed(account_id: UUID, row: tuple[Any, ...]) -> int:
    amount, debit = row[6:8]
    return int(amount if debit == account_id else -amount)


def _movement(account_id: UUID, row: tuple[Any, ...], counters: dict[UUID, tuple[int, str]], balance: int) -> Movement:
    effective_at, ordinal, identity, recorded_at, belongs_at, code, _, debit, credit, journal_id, about = row
    counter = credit if debit == account_id else debit
    return Movement(
        transfer_id=identity,
        effective_at=effective_at,
        belongs_at=belongs_at,
        recorded_at=recorded_at,
        ordinal=ordinal,
        code=code,
        amount=_signed(account_id, row),
        balance=balance,
        counter_id=counter,
        counter_code=counters[counter][0],
        counter_sub=counters[counter][1],
        journal_id=journal_id,
        user_data_128=about,
    )
