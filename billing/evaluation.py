"""What many trees owe and what is booked for them: both sides of the subtraction, read in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from billing import reach
from billing.claims import subject_spans
from billing.due import Demand, DueLine, Item, PlannedPeriod, SubjectSpan, Usage, demands, due, plan_periods
from billing.models import TreeState
from contracts import selectors as contracts
from contracts.values import PriceFacts, SubscriptionFacts
from core.period import BEGINNING
from customers import selectors as parties
from customers import subjects
from customers.values import ClaimedSubject, CustomerFacts
from metering import selectors as metering
from metering.stores import store
from metering.values import Dimensions, Span, UsageValue


class KnowledgePoint(msgspec.Struct, frozen=True):
    """What a rating knew of a tree: usage up to a watermark, facts up to a number (billing rules §3.6)."""

    watermark: int
    fact: int


class TreeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one tree that decides what it owes, but its usage."""

    tree_id: UUID
    known: KnowledgePoint
    state: TreeState | None
    customers: dict[UUID, CustomerFacts]
    subscriptions: tuple[SubscriptionFacts, ...]
    spans: dict[UUID, list[SubjectSpan]]
    #: Kept by `reach`, once it asked: the earliest usage that the books don't know yet, or None.
    used: list[datetime | None] = []


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What one tree owes in the periods within reach; `reached` gives those periods' starts by subscription."""

    facts: TreeFacts
    through: datetime
    lines: tuple[DueLine, ...]
    plans: tuple[PlannedPeriod, ...]

    @property
    def reached(self) -> set[tuple[UUID, datetime]]:
        return {(plan.subscription.id, plan.period.start) for plan in self.plans}


Prices = Mapping[UUID, Sequence[PriceFacts]]


def load(points: Mapping[UUID, KnowledgePoint]) -> list[TreeFacts]:
    """The facts of each tree as known at its point, in the order of the trees' ids."""
    facts = {tree_id: point.fact for tree_id, point in points.items()}
    customers = parties.facts_of(points, facts=facts)
    by_tree: dict[UUID, dict[UUID, CustomerFacts]] = defaultdict(dict)
    for customer in customers.values():
        by_tree[customer.tree_id][customer.id] = customer
    claims: dict[UUID, list[ClaimedSubject]] = defaultdict(list)
    for claim in subjects.claims_of(customers, facts=facts):
        claims[customers[claim.customer_id].tree_id].append(claim)
    subscriptions = contracts.subscriptions_of(points, facts=facts)
    states = {state.tree_id: state for state in TreeState.objects.filter(tree__in=list(points))}
    return [
        TreeFacts(
            tree_id=tree_id,
            known=points[tree_id],
            state=states.get(tree_id),
            customers=by_tree[tree_id],
            subscriptions=tuple(subscriptions.get(tree_id, ())),
            spans={one.id: subject_spans(one, claims[tree_id]) for one in subscriptions.get(tree_id, ())},
        )
        for tree_id in sorted(points)
    ]


def evaluate(trees: Sequence[TreeFacts], *, through: datetime, whole: bool = False) -> list[Evaluation]:
    """What each tree owes through that instant, for the periods that may have changed, or for the `whole` of time.

    Usage of all trees is read together: one statement per meter and watermark.
    """
    prices = _prices(trees)
    since = dict.fromkeys((tree.tree_id for tree in trees), BEGINNING) if whole else reach.since(trees)
    plans = {tree.tree_id: _plans(tree, prices, _through(tree, through), since[tree.tree_id]) for tree in trees}
    needs = {
        tree.tree_id: demands(plans[tree.tree_id], spans=tree.spans, through=_through(tree, through)) for tree in trees
    }
    usage = _usage((tree.known.watermark, needs[tree.tree_id]) for tree in trees)
    return [
        Evaluation(
            facts=tree,
            through=_through(tree, through),
            plans=tuple(plans[tree.tree_id]),
            lines=tuple(
                due(plans[tree.tree_id], usage=usage, through=_through(tree, through), needs=needs[tree.tree_id])
            ),
        )
        for tree in trees
    ]


def _through(tree: TreeFacts, through: datetime) -> datetime:
    # What was due once stays in the sum: a run with an earlier end must not take it back.
    return max(through, tree.state.through) if tree.state else through


def _prices(trees: Iterable[TreeFacts]) -> Prices:
    versions = {
        amendment.change.plan_version
        for tree in trees
        for subscription in tree.subscriptions
        for amendment in subscription.amendments
        if amendment.change.plan_version is not None
    }
    return contracts.prices_of(versions)


def _plans(tree: TreeFacts, prices: Prices, through: datetime, since: datetime) -> list[PlannedPeriod]:
    return [
        plan
        for subscription in tree.subscriptions
        for plan in plan_periods(
            subscription,
            zone=tree.customers[subscription.customer_id].time_zone,
            prices=prices,
            through=through,
            since=since,
        )
    ]


def _usage(needs: Iterable[tuple[int, Sequence[Demand]]]) -> Usage:
    """Usage by item; demands of one meter at one watermark are read in one statement."""
    together: dict[tuple[UUID, int], list[Span]] = defaultdict(list)
    for watermark, several in needs:
        for need in several:
            together[need.meter_id, watermark] += [
                Span(item=need.item, subject=one.subject, start=one.start, end=one.end, late_after=need.late_after)
                for one in need.spans
            ]
    found: dict[Item, dict[Dimensions, UsageValue]] = {}
    rules = metering.rules_of({meter_id for meter_id, _ in together})
    for (meter_id, watermark), spans in together.items():
        found.update(store().usage(rules[meter_id], spans, watermark))  # type: ignore[arg-type]
    return found
