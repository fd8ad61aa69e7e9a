"""Making the plan of a run: its items, what is expected of each, and the digest of it all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from billing import charges, reach
from billing.booked import difference_of
from billing.evaluation import KnowledgePoint, TreeFacts, evaluate, load
from billing.models import Charge, ChargeKeyRow, CutOff, TreeState
from billing.runs.plan import Boundaries, CutOffs, boundaries
from core import canonical
from core.db.retry import must_repeat
from core.errors import Refusal
from core.money import format_pico
from core.period import BEGINNING, local_midnight, zone_named
from customers.models import Tree
from customers.values import CustomerFacts

CHUNK = 250


class PlannedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One tree up to one cut-off; `expected` is the sum of its differences by currency, in pico-units.

    It holds while the tree's last fact is `fact` and its books are at `version`: else the item is planned again.
    """

    tree_id: UUID
    cut_off_at: datetime
    documents: bool
    fact: int
    version: int
    expected: dict[str, int]
    #: Code and reason where the item can't even be planned: it is parked.
    failure: tuple[str, str] | None = None


class Through(msgspec.Struct, frozen=True):
    """Up to when a run bills: the start of a day in each customer's zone, or an instant; never after `now`."""

    limit: date | datetime
    now: datetime

    def of(self, customer: CustomerFacts) -> datetime:
        return min(self.now, self.unbounded(customer.time_zone))

    def unbounded(self, zone: str) -> datetime:
        if isinstance(self.limit, datetime):
            return self.limit
        return local_midnight(self.limit, zone_named(zone))


def plan(
    *, through: Through, watermark: int, tree_ids: Sequence[UUID] | None, progress: Callable[[int], None]
) -> list[PlannedItem]:
    """The items of a run, earliest cut-off first; trees where nothing can have changed have none."""
    trees = Tree.objects.order_by("id")
    rows = list((trees if tree_ids is None else trees.filter(pk__in=tree_ids)).values_list("id", "last_fact"))
    items: list[PlannedItem] = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        items += _plan_or_fail(dict(chunk), watermark, through)
        progress(len(chunk))
    return sorted(items, key=lambda item: (item.cut_off_at, item.tree_id))


def _plan_or_fail(facts: Mapping[UUID, int], watermark: int, through: Through) -> list[PlannedItem]:
    """The chunk's items; where planning it fails, those of each tree apart, the culprit's naming the failure."""
    try:
        return _plan_chunk(load(points(facts, watermark)), through)
    except Exception as error:
        if must_repeat(error):
            raise
        if len(facts) > 1:
            return [item for one in facts.items() for item in _plan_or_fail(dict([one]), watermark, through)]
        ((tree_id, fact),) = facts.items()
        return [
            PlannedItem(
                tree_id=tree_id,
                cut_off_at=through.now,
                documents=False,
                fact=fact,
                version=0,
                expected={},
                failure=reason_of(error),
            )
        ]


def reason_of(error: Exception) -> tuple[str, str]:
    """The code and the sentence under which an item is parked."""
    if isinstance(error, Refusal):
        return error.code, str(error)
    return "error", f"{type(error).__name__}: {error}"[:2000]


def points(facts: Mapping[UUID, int], watermark: int) -> dict[UUID, KnowledgePoint]:
    """Where each tree is to be rated: what a later run already counted stays counted."""
    billed = dict(TreeState.objects.filter(tree__in=list(facts)).values_list("tree_id", "watermark"))
    return {tree: KnowledgePoint(max(watermark, billed.get(tree, 0)), fact) for tree, fact in facts.items()}


def new_boundaries(trees: Sequence[TreeFacts], through: Through) -> dict[UUID, Boundaries]:
    """The new cut-offs of each tree and the accounts that get documents at them."""
    payers = _payers(trees)
    cut_offs = _cut_offs({customer for tree in trees for customer in tree.customers}, moving=_moving(trees))
    return {
        tree.tree_id: boundaries(
            tree.subscriptions,
            customers=tree.customers,
            through={customer.id: through.of(customer) for customer in tree.customers.values()},
            payers=payers,
            cut_offs=cut_offs,
        )
        for tree in trees
    }


def digest(items: Iterable[PlannedItem]) -> str:
    """What was planned, as one number: the same plan has the same digest."""
    return canonical.digest(
        [
            [str(one.tree_id), one.cut_off_at.isoformat(), one.documents, one.fact, written(one.expected)]
            for one in items
        ]
    )


def written(sums: Mapping[str, int]) -> dict[str, str]:
    """Sums by currency as decimal texts, zeros left out."""
    return {currency: format_pico(amount) for currency, amount in sorted(sums.items()) if amount}


def sums_of(moved: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Amounts added up by currency."""
    sums: dict[str, int] = defaultdict(int)
    for currency, amount in moved:
        sums[currency] += amount
    return dict(sums)


def _plan_chunk(trees: Sequence[TreeFacts], through: Through) -> list[PlannedItem]:
    found = new_boundaries(trees, through)
    changed = reach.changed(trees)
    last = {tree.tree_id: max(map(through.of, tree.customers.values())) for tree in trees if tree.customers}
    steps = {
        tree.tree_id: _steps(found[tree.tree_id], last[tree.tree_id], changed=tree.tree_id in changed)
        for tree in trees
        if tree.tree_id in last
    }
    due = [tree for tree in trees if steps.get(tree.tree_id)]
    expected = _expected(due, steps)
    return [
        PlannedItem(
            tree_id=tree.tree_id,
            cut_off_at=instant,
            documents=instant in found[tree.tree_id].accounts,
            fact=tree.known.fact,
            version=charges.version_of(tree) + step,
            expected=expected[tree.tree_id, instant],
        )
        for tree in due
        for step, instant in enumerate(steps[tree.tree_id])
    ]


def _steps(found: Boundaries, last: datetime, *, changed: bool) -> list[datetime]:
    """The instants up to which a tree is booked in turn; the last one only books where no document is made."""
    steps = list(found.accounts)
    until = steps[-1] if steps else None
    missed = any(instant > until for instant in found.passed_over) if until else changed
    return [*steps, last] if missed and (until is None or last > until) else steps


def _expected(
    trees: Sequence[TreeFacts], steps: Mapping[UUID, Sequence[datetime]]
) -> dict[tuple[UUID, datetime], dict[str, int]]:
    """What each step should book: the differences due by it and not by the step before."""
    if not trees:
        return {}
    evaluations = evaluate(trees, through=max(instant for tree in trees for instant in steps[tree.tree_id]))
    differences = difference_of(evaluations)
    found: dict[tuple[UUID, datetime], dict[str, int]] = {}
    for tree in trees:
        currencies = {subscription.id: subscription.currency for subscription in tree.subscriptions}
        before = BEGINNING
        for instant in steps[tree.tree_id]:
            # What was due by an earlier run's end is booked by the first step, whichever that is.
            until = max(instant, tree.state.through) if tree.state else instant
            found[tree.tree_id, instant] = sums_of(
                (currencies[one.key.subscription_id], one.amount)
                for one in differences[tree.tree_id]
                if before < charges.due_from(one) <= until
            )
            before = until
    return found


def _payers(trees: Iterable[TreeFacts]) -> dict[UUID, frozenset[UUID]]:
    ids = [subscription.id for tree in trees for subscription in tree.subscriptions]
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for subscription, payer in (
        ChargeKeyRow.objects.filter(subscription__in=ids).values_list("subscription_id", "payer_id").distinct()
    ):
        found[subscription].add(payer)
    return {subscription: frozenset(several) for subscription, several in found.items()}


def _moving(trees: Sequence[TreeFacts]) -> set[UUID]:
    """The customers of trees for which something may be booked now."""
    changed = reach.changed(trees)
    return {customer for tree in trees if tree.tree_id in changed for customer in tree.customers}


def _cut_offs(customer_ids: Iterable[UUID], *, moving: set[UUID]) -> CutOffs:
    last: dict[tuple[UUID, str], datetime] = {}
    reopened: dict[tuple[UUID, str], set[datetime]] = defaultdict(set)
    rows = CutOff.objects.filter(payer__in=list(customer_ids)).order_by("at")
    for payer, currency, at, outcome in rows.values_list("payer_id", "currency", "at", "outcome"):
        last[payer, currency] = at
        if outcome == CutOff.Outcome.REOPENED:
            reopened[payer, currency].add(at)
    unclaimed = Charge.objects.filter(payer__in=list(customer_ids), claim__isnull=True)
    waiting = set(unclaimed.values_list("payer_id", "currency").distinct())
    return CutOffs(
        last=last,
        reopened={account: frozenset(several) for account, several in reopened.items()},
        waiting=frozenset(waiting | {account for account in last if account[0] in moving}),
    )
