"""A run has an owner until it is closed, and the books hold what a closed one says it booked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from django.db.models import Count, Sum

from billing.models import Charge, Run, RunItem
from billing.runs.planning import written
from core.db import holding
from core.db.asking import NAMED, count, holds
from core.integrity import Check, Finding, Outcome, outcome


def _runs() -> Outcome:
    return outcome(count(Run), "runs", islice(_wrong_runs(), NAMED) if holds(Run) else ())


def _wrong_runs() -> Iterator[Finding]:
    booked, items = _booked(), _items()
    for run in Run.objects.order_by("id").iterator(chunk_size=500):
        if wrong := _wrong(run, booked[run.pk], items[run.pk]):
            yield Finding(f"run {run.pk} through {run.through}", wrong)


def _wrong(run: Run, booked: dict[str, int], items: dict[str, int]) -> str:
    """What is wrong with a run; '' where nothing is."""
    if run.state == Run.State.APPLYING:
        return "" if _has_owner(run) else "its process is gone: the next `bill` takes it over"
    if run.state == Run.State.INTERRUPTED:
        return "it is closed, and an item of it is still planned" if items[RunItem.State.PLANNED] else ""
    if written(booked) != run.booked:
        return f"it says that it booked {run.booked}, its charges come to {written(booked)}"
    left = {state: count for state, count in items.items() if state != RunItem.State.APPLIED}
    excepted = {RunItem.State.PARKED} if run.state == Run.State.FINISHED_WITH_EXCEPTIONS else set()
    if set(left) != excepted:
        return f"it is {run.state}, and of its items {dict(left)} were not applied"
    return ""


def _has_owner(run: Run) -> bool:
    """Whether a process holds the run: nobody else can, then."""
    if not holding.try_hold(run.held_as):
        return True
    holding.let_go(run.held_as)
    return False


def _booked() -> dict[UUID, dict[str, int]]:
    """Run → currency → what its charges come to."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    rows = Charge.objects.filter(run__isnull=False).order_by().values_list("run_id", "currency").annotate(Sum("amount"))
    for run, currency, amount in rows:
        found[run][currency] = int(amount)
    return found


def _items() -> dict[UUID, dict[str, int]]:
    """Run → state → how many items."""
    found: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = RunItem.objects.order_by().values_list("run_id", "state").annotate(Count("pk"))
    for run, state, several in rows:
        found[run][state] = several
    return found


CHECKS = (Check("billing.runs", 10, "A run has an owner until it is closed, and booked what it says.", _runs),)
