"""Which trees are due, up to which cut-offs, and for whose documents. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from contracts.cycles import periods
from contracts.terms import end_of
from contracts.values import SubscriptionFacts
from customers.payers import payer_of
from customers.values import CustomerFacts

_INSTANT = timedelta(microseconds=1)
#: Whose documents: (payer, currency).
Account = tuple[UUID, str]


class CutOffs(msgspec.Struct, frozen=True, kw_only=True):
    """What became of earlier cut-offs: the last one by account, and those to be made again.

    `waiting` are the accounts with charges on no document: they get one also after their last subscription ended.
    """

    last: Mapping[Account, datetime]
    reopened: Mapping[Account, frozenset[datetime]]
    waiting: frozenset[Account]


class Boundaries(msgspec.Struct, frozen=True, kw_only=True):
    """The new cut-offs of one tree with the accounts that get documents, and whether others fell in between."""

    accounts: Mapping[datetime, frozenset[Account]]
    passed_over: frozenset[datetime]


def boundaries_of(subscription: SubscriptionFacts, *, zone: str, through: datetime) -> set[datetime]:
    """The instants ≤ `through` at which something of a subscription falls due: period boundaries and its end."""
    over = end_of(subscription.amendments)
    reached = periods(
        start=subscription.start_at,
        until=min(through + _INSTANT, over),
        anchor=subscription.anchor_on,
        cadence=subscription.cadence,
        zone=zone,
        stored=[one.period for one in subscription.stored],
    )
    instants = {instant for period in reached for instant in (period.start, min(period.end, over))}
    return {instant for instant in instants if instant <= through}


def after_the_end(subscription: SubscriptionFacts, *, zone: str, through: datetime) -> datetime | None:
    """Of an ended subscription, the last boundary ≤ `through` that it would have had since, if there is one."""
    over = end_of(subscription.amendments)
    if over > through:
        return None
    would_be = periods(
        start=subscription.start_at,
        until=through + _INSTANT,
        anchor=subscription.anchor_on,
        cadence=subscription.cadence,
        zone=zone,
        stored=[one.period for one in subscription.stored],
    )
    last = max((period.start for period in would_be), default=over)
    return last if last > over else None


def boundaries(
    subscriptions: Iterable[SubscriptionFacts],
    *,
    customers: Mapping[UUID, CustomerFacts],
    through: Mapping[UUID, datetime],
    payers: Mapping[UUID, frozenset[UUID]],
    cut_offs: CutOffs,
) -> Boundaries:
    """New cut-offs of a tree: later than the account's last one, or reopened (billing rules §6.1).

    An ended subscription keeps its rhythm for what still comes: late usage must find a next document.

    `through` is by customer; `payers` are, by subscription, those who were ever charged for it:
    corrections of what they were charged go on their documents.
    """
    accounts: dict[datetime, set[Account]] = defaultdict(set)
    passed_over: set[datetime] = set()
    for subscription in subscriptions:
        until, paid_by = through[subscription.customer_id], payers.get(subscription.id, frozenset())
        for account, instant in _candidates(subscription, customers, until, paid_by):
            if _is_new(account, instant, cut_offs):
                accounts[instant].add(account)
            else:
                passed_over.add(instant)
        for account, instant in _after_the_end(subscription, customers, until, paid_by):
            if account in cut_offs.waiting and _is_new(account, instant, cut_offs):
                accounts[instant].add(account)
    for account, instant in _reopened(cut_offs, customers, through):
        accounts[instant].add(account)
    return Boundaries(
        accounts={instant: frozenset(found) for instant, found in sorted(accounts.items())},
        passed_over=frozenset(passed_over),
    )


def _candidates(
    subscription: SubscriptionFacts,
    customers: Mapping[UUID, CustomerFacts],
    through: datetime,
    payers: frozenset[UUID],
) -> Iterator[tuple[Account, datetime]]:
    customer = customers[subscription.customer_id]
    for instant in boundaries_of(subscription, zone=customer.time_zone, through=through):
        paying = payer_of(customer.id, at=instant, customers=customers)
        for payer in {paying} | payers:
            yield (payer, subscription.currency), instant


def _after_the_end(
    subscription: SubscriptionFacts,
    customers: Mapping[UUID, CustomerFacts],
    through: datetime,
    payers: frozenset[UUID],
) -> Iterator[tuple[Account, datetime]]:
    zone = customers[subscription.customer_id].time_zone
    later = after_the_end(subscription, zone=zone, through=through)
    return (((payer, subscription.currency), later) for payer in payers if later is not None)


def _reopened(
    cut_offs: CutOffs, customers: Mapping[UUID, CustomerFacts], through: Mapping[UUID, datetime]
) -> Iterator[tuple[Account, datetime]]:
    """Cut-offs whose document was voided: made again, whatever the boundaries are by now."""
    return (
        (account, instant)
        for account, instants in cut_offs.reopened.items()
        for instant in instants
        if account[0] in customers and instant <= max(through.values())
    )


def _is_new(account: Account, instant: datetime, cut_offs: CutOffs) -> bool:
    last = cut_offs.last.get(account)
    return last is None or instant > last or instant in cut_offs.reopened.get(account, frozenset())
