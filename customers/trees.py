"""Locking trees, and recording that a fact may change what they owe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection

from core.errors import NotFound
from customers.models import Mark, Tree


def lock(tree_ids: Iterable[UUID]) -> dict[UUID, Tree]:
    """The trees, locked in id order until the transaction ends; make it the first statement there."""
    wanted = sorted(set(tree_ids))
    rows = {tree.id: tree for tree in Tree.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    if len(rows) != len(wanted):
        raise NotFound("a customer tree is missing")
    return rows


def lock_one(tree_id: UUID) -> Tree:
    return lock([tree_id])[tree_id]


def mark(tree: Tree, *, earliest_at: datetime, cause: str, at: datetime) -> int:
    """The number of a new fact about a tree that the caller holds locked.

    `earliest_at` says from which instant on something may be owed differently (billing rules §3.5).
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a mark is written under the tree's lock")
    tree.last_fact += 1
    tree.save(update_fields=["last_fact"])
    Mark.objects.create(tree=tree, number=tree.last_fact, earliest_at=earliest_at, cause=cause, at=at)
    return tree.last_fact
