"""Booked is due: each billed tree is evaluated whole, at the knowledge point where it was last billed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, takewhile
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from billing.booked import difference_of
from billing.booking import Difference
from billing.evaluation import KnowledgePoint, evaluate, load
from billing.models import Charge, ChargeKeyRow, TreeState
from core.db.asking import NAMED, count, holds
from core.db.transaction import atomic
from core.events import Event
from core.integrity import Check, Finding, Outcome, outcome
from core.money import format_pico
from core.period import BEGINNING
from customers.models import Mark, Tree

_CHUNK = 250


def _due() -> Outcome:
    return outcome(count(TreeState), "billed trees", islice(_drifted(), NAMED))


def _drifted() -> Iterator[Finding]:
    if not holds(TreeState, ChargeKeyRow):
        return
    for tree in _unknown().order_by("id"):
        yield Finding(f"tree {tree.id}", "it was charged, and nothing says how far it is billed")
    rows = TreeState.objects.order_by("id")
    chunk = list(rows[:_CHUNK])
    while chunk:
        yield from _compared(chunk)
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:_CHUNK])


def _unknown() -> Any:
    charged = ChargeKeyRow.objects.filter(subscription__customer__tree=OuterRef("pk"))
    return Tree.objects.filter(Exists(charged), ~Exists(TreeState.objects.filter(tree=OuterRef("pk"))))


def _compared(states: Sequence[TreeState]) -> list[Finding]:
    """Many trees at once; where that fails one by one, so that the broken one is named and the others are compared."""
    try:
        with atomic(savepoint=True):
            return _differences(states)
    except Exception as error:  # noqa: BLE001 - what was tampered with may raise anything
        if len(states) > 1:
            return [finding for state in states for finding in _compared([state])]
        return [Finding(f"tree {states[0].tree_id}", f"can't be evaluated: {type(error).__name__}: {error}")]


def _differences(states: Sequence[TreeState]) -> list[Finding]:
    points = {state.tree_id: KnowledgePoint(state.watermark, state.fact) for state in states}
    # What was due once stays in the sum, so each tree is evaluated through its own last instant.
    found = difference_of(evaluate(load(points), through=BEGINNING, whole=True))
    return [
        _finding(tree_id, moved)
        for tree_id, several in found.items()
        for moved in several
        if not _awaits_rebilling(moved, tree_id, points[tree_id])
    ]


def _awaits_rebilling(moved: Difference, tree_id: UUID, known: KnowledgePoint) -> bool:
    """Whether the difference is what a void took back since: the next run bills it again."""
    voids = Mark.objects.filter(tree=tree_id, number__gt=known.fact, cause=Event.INVOICE_VOIDED)
    last = Charge.objects.filter(key=moved.id).order_by("-n").values_list("amount", "reverses_id")
    taken_back = [-amount for amount, _ in takewhile(lambda row: row[1] is not None, last)]
    return moved.amount in accumulate(taken_back) and bool(voids.exists())


def _finding(tree_id: UUID, moved: Difference) -> Finding:
    booked = moved.booked.amount if moved.booked else 0
    amounts = f"due {format_pico(booked + moved.amount)}, booked {format_pico(booked)}"
    return Finding(f"charge key {moved.id}", f"{amounts} (tree {tree_id})")


CHECKS = (Check("billing.due", 4, "What is booked is what is due, at each tree's knowledge point.", _due),)
