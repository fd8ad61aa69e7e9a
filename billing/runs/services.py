"""A billing run: plan, apply in chunks, park what fails, verify, close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import groupby

import msgspec
from django.db.models import Sum

from billing.invoicing import services as invoicing
from billing.models import Charge, Run, RunItem
from billing.runs import applying, planning
from billing.runs.applying import Outcome
from billing.runs.planning import PlannedItem, Through
from core import audit, clock, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.db import holding
from core.db.retry import retrying
from core.db.transaction import atomic
from core.errors import Refusal
from core.events import Event
from core.models import Tenant
from customers.models import Customer
from metering import watermark


class ThroughInFuture(Refusal):
    """A live tenant is billed up to now at most."""

    code = "through_in_future"


class RunDiffers(Refusal):
    """The books don't hold what a run booked."""

    code = "run_differs"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Told how far a run is: trees planned, items to apply, items applied."""

    planned: Callable[[int], None] = lambda _: None
    to_apply: Callable[[int], None] = lambda _: None
    applied: Callable[[int], None] = lambda _: None


def bill(
    *,
    through: date | datetime,
    actor: Actor,
    customer: Customer | None = None,
    chunk: int = planning.CHUNK,
    progress: Progress | None = None,
) -> Outcome:
    """Books what is due and issues documents, up to the start of a day in each customer's zone, or to an instant.

    Running it again posts nothing; a killed run is finished by running it again.
    A sandbox's clock goes from cut-off to cut-off with the run. Raises ThroughInFuture on a live tenant.
    """
    _take_over(actor)
    return _bill(
        through=through,
        end=_end(through),
        taken=watermark.take(),
        actor=actor,
        customer=customer,
        chunk=chunk,
        told=progress or Progress(),
    )


def preview(*, through: date | datetime, actor: Actor, customer: Customer | None = None) -> Outcome:
    """What `bill` would do: the same work in a transaction that is undone, so that a preview equals the invoice."""
    end, taken = _end(through), watermark.take()

    def tried() -> Outcome:
        outcome = Outcome()
        try:
            with atomic():
                outcome = _bill(
                    through=through,
                    end=end,
                    taken=taken,
                    actor=actor,
                    customer=customer,
                    chunk=planning.CHUNK,
                    told=Progress(),
                )
                raise _Undo
        except _Undo:
            return outcome

    # It holds the locks of many trees at once, so it may be a deadlock's victim.
    return retrying(tried)


class _Undo(Exception):
    """Takes back all that a preview wrote."""


def _bill(
    *,
    through: date | datetime,
    end: datetime,
    taken: int,
    actor: Actor,
    customer: Customer | None,
    chunk: int,
    told: Progress,
) -> Outcome:
    began_at, limit = clock.now(), Through(limit=through, now=end)
    tree_ids = None if customer is None else [customer.tree_id]
    items = planning.plan(through=limit, watermark=taken, tree_ids=tree_ids, progress=told.planned)
    if not items:
        clock.reach(to=end, actor=actor)
        return Outcome()
    run = _start(items, through, taken, actor, began_at)
    try:
        return _applied(run, items, limit, began_at, actor, chunk, told)
    finally:
        holding.let_go(run.held_as)


def _take_over(actor: Actor) -> None:
    """Closes runs whose process is gone: what they left undone is planned again now."""
    for run in Run.objects.filter(state=Run.State.APPLYING):
        if holding.try_hold(run.held_as):
            _interrupt(run, actor)
            holding.let_go(run.held_as)


def _interrupt(run: Run, actor: Actor) -> None:
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


def _applied(
    run: Run,
    items: Sequence[PlannedItem],
    limit: Through,
    began_at: datetime,
    actor: Actor,
    chunk: int,
    told: Progress,
) -> Outcome:
    told.to_apply(len(items))
    outcome = Outcome(run_id=run.id, booked={}, invoices=[], parked=[])
    for cut_off_at, several in groupby(items, key=lambda item: item.cut_off_at):
        # Not ahead of the documents: a run that is killed and begun again dates the rest as it would have.
        clock.reach(to=cut_off_at, actor=actor)
        issue = invoicing.Issue(at=max(began_at, cut_off_at), actor=actor, run=run)
        together = list(several)
        for start in range(0, len(together), chunk):
            applied = together[start : start + chunk]
            applying.apply_or_park(run, applied, limit, issue, outcome)
            told.applied(len(applied))
    clock.reach(to=limit.now, actor=actor)
    _finish(run, outcome, actor)
    return outcome


def _end(through: date | datetime) -> datetime:
    """Now; on a sandbox, when the day will have begun for every customer, if that is later."""
    tenant = Tenant.objects.get(pk=tenant_id())
    now = clock.of(tenant)
    zones = {"UTC", *Customer.objects.values_list("time_zone", flat=True).distinct()}
    begins = [Through(limit=through, now=now).unbounded(zone) for zone in zones]
    if tenant.clock_at is None:
        if min(begins) > now:
            raise ThroughInFuture(f"{through.isoformat()} has not begun yet", field="through")
        return now
    return max(now, *begins)


def _start(items: Sequence[PlannedItem], through: date | datetime, taken: int, actor: Actor, at: datetime) -> Run:
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


def _finish(run: Run, outcome: Outcome, actor: Actor) -> None:
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
