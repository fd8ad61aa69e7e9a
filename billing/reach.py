"""From which instant on something may have changed since a tree was last billed (billing rules §3.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Min

from core.period import BEGINNING
from customers.models import Mark
from metering.stores import store

if TYPE_CHECKING:
    from billing.evaluation import TreeFacts


def since(trees: Sequence[TreeFacts]) -> dict[UUID, datetime]:
    """By tree: periods that end by this instant owe what is booked for them.

    The earliest of: where the last run stopped, what later facts touch, what later batches hold.
    A change reaches forward to the end of the period that contains it, and a period is never evaluated in part.
    """
    billed = [tree for tree in trees if tree.state is not None]
    earliest = {tree.tree_id: BEGINNING for tree in trees if tree.state is None}
    earliest |= {tree.tree_id: tree.state.through for tree in billed if tree.state is not None}
    for tree_id, instant in (*_marked(billed), *_used(billed)):
        earliest[tree_id] = min(earliest[tree_id], instant)
    return earliest


def changed(trees: Sequence[TreeFacts]) -> set[UUID]:
    """The trees with facts or usage that the books don't know yet."""
    new = {tree.tree_id for tree in trees if tree.state is None and tree.subscriptions}
    billed = [tree for tree in trees if tree.state is not None]
    return new | {tree_id for tree_id, _ in (*_marked(billed), *_used(billed))}


def _marked(trees: Sequence[TreeFacts]) -> list[tuple[UUID, datetime]]:
    """What the facts after the last one billed touch."""
    found = []
    after: dict[tuple[int, int], list[UUID]] = defaultdict(list)
    for tree in trees:
        if tree.state is not None and tree.known.fact > tree.state.fact:
            after[tree.state.fact, tree.known.fact].append(tree.tree_id)
    for (done, known), tree_ids in after.items():
        rows = Mark.objects.filter(tree__in=tree_ids, number__gt=done, number__lte=known)
        found += list(rows.values_list("tree_id").annotate(Min("earliest_at")))
    return found


def _used(trees: Sequence[TreeFacts]) -> list[tuple[UUID, datetime]]:
    """The earliest usage, or void of usage, in batches after the tree's own last watermark."""
    _ask([tree for tree in trees if not tree.used])
    return [(tree.tree_id, instant) for tree in trees for instant in tree.used if instant is not None]


def _ask(trees: Iterable[TreeFacts]) -> None:
    """Asks the store once: between two watermarks nothing changes any more."""
    moved: dict[tuple[int, int], dict[UUID, TreeFacts]] = defaultdict(dict)
    for tree in trees:
        if tree.state is not None and tree.known.watermark > tree.state.watermark:
            moved[tree.state.watermark, tree.known.watermark][tree.tree_id] = tree
    for (done, known), several in moved.items():
        subjects = {
            tree_id: {span.subject for spans in tree.spans.values() for span in spans}
            for tree_id, tree in several.items()
        }
        changes = store().first_change(subjects, done, known)
        for tree_id, tree in several.items():
            tree.used.append(changes.get(tree_id))
