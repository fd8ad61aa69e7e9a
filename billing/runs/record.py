"""A run's own record: begun with its plan, held while somebody is at work on it, and closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Sum

from billing.models import Charge, Run, RunItem
from billing.runs import planning
from billing.runs.applying import Outcome
from billing.runs.planning import PlannedItem
from core import audit, clock, outbox
from core.actor import Actor
from core.db import holding
from core.db.transaction import atomic
from core.errors import Refusal
from core.events import Event


class RunDiffers(Refusal):
    """The books don't hold what a run booked."""

    code = "run_differs"


def start(items: Sequence[PlannedItem], through: date | datetime, taken: int, actor: Actor, at: datetime) -> Run:
    """Writes the plan down and holds the run, so that everybody knows that somebody is at work on it."""
    expected = planning.sums_of(pair for item in items for pair in item.expected.items())
    with atomic():
        run = Run(
            through=through.isoformat(),
            watermark=taken,
            plan_digest=planning.digest(items),
            expected=planning.written(expected),
            actor=f"{actor.kind}:{actor.name}",
            started_at=at,
        )
        run.begin()
        # Held before anybody can see the run at work.
        holding.try_hold(run.held_as)
        run.save(force_insert=True)
        RunItem.objects.bulk_create([_item(run, item) for item in items], batch_size=2000)
        after = {"through": run.through, "items": len(items), "watermark": taken}
        audit.record(actor=actor, event=Event.RUN_PLANNED, subject=run, at=at, after=after)
        outbox.publish(event=Event.RUN_PLANNED, subject=run, at=at, payload=after)
    return run


def _item(run: Run, item: PlannedItem) -> RunItem:
    return RunItem(
        run=run,
        tree_id=item.tree_id,
        cut_off_at=item.cut_off_at,
        documents=item.documents,
        fact=item.fact,
        expected=planning.written(item.expected),
    )


def take_over(actor: Actor) -> None:
    """Closes runs whose process is gone: what they left undone is planned again now."""
    for run in Run.objects.filter(state=Run.State.APPLYING):
        if holding.try_hold(run.held_as):
            interrupt(run, actor)
            holding.let_go(run.held_as)


def interrupt(run: Run, actor: Actor) -> None:
    """Closes a run that nobody works on any more; what it left is planned again by the next."""
    at = clock.now()
    with atomic():
        row = Run.objects.select_for_update().get(pk=run.pk)
        if row.state != Run.State.APPLYING:
            return  # somebody else closed it since we looked
        row.interrupt()
        row.finished_at = at
        row.save()
        RunItem.objects.filter(run=row, state=RunItem.State.PLANNED).update(state=RunItem.State.SUPERSEDED)
        audit.record(actor=actor, event=Event.RUN_INTERRUPTED, subject=row, at=at)
        outbox.publish(event=Event.RUN_INTERRUPTED, subject=row, at=at)


def finish(run: Run, outcome: Outcome, actor: Actor) -> None:
    """Closes the run after a last look at the books: they must hold what the run says it booked."""
    at = clock.now()
    with atomic():
        held = dict(Charge.objects.filter(run=run).order_by().values_list("currency").annotate(Sum("amount")))
        if planning.written({code: int(amount) for code, amount in held.items()}) != planning.written(outcome.booked):
            raise RunDiffers(f"the run booked {planning.written(outcome.booked)}, the books hold {held}")
        if outcome.parked:
            run.finish_with_exceptions()
        else:
            run.finish()
        run.finished_at = at
        run.booked = planning.written(outcome.booked)
        run.save()
        after = {"charges": outcome.charges, "invoices": len(outcome.invoices), "parked": len(outcome.parked)}
        audit.record(actor=actor, event=Event.RUN_FINISHED, subject=run, at=at, after=after)
        outbox.publish(event=Event.RUN_FINISHED, subject=run, at=at, payload=after)
