"""A billing run: plan, apply in chunks, park what fails, verify, close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import groupby

import msgspec

from billing.invoicing import services as invoicing
from billing.models import Run
from billing.runs import applying, planning, record
from billing.runs.applying import Outcome
from billing.runs.planning import PlannedItem, Through
from core import clock
from core.access.scope import tenant_id
from core.actor import Actor
from core.db import holding
from core.db.retry import retrying
from core.db.transaction import atomic
from core.errors import Refusal
from core.models import Tenant
from customers.models import Customer
from metering import watermark


class ThroughInFuture(Refusal):
    """A live tenant is billed up to now at most."""

    code = "through_in_future"


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
    record.take_over(actor)
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
    run = record.start(items, through, taken, actor, began_at)
    try:
        return _applied(run, items, limit, began_at, actor, chunk, told)
    finally:
        holding.let_go(run.held_as)


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
    record.finish(run, outcome, actor)
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
