"""Claiming usage subjects, and resolving whom one means."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from core import audit, clock, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.db.bulk import insert_new
from core.db.transaction import atomic
from core.errors import InvalidValue, Refusal
from core.events import Event
from core.ids import derived_id
from core.period import BEGINNING, FOREVER, Period
from customers import checks, trees
from customers.models import Claim, Customer, Subject
from customers.values import ClaimedSubject


class SubjectTaken(Refusal):
    """For the time asked for, the subject already means somebody else."""

    code = "subject_taken"


def claim(
    *,
    subject: str,
    customer: Customer,
    actor: Actor,
    from_at: datetime = BEGINNING,
    to_at: datetime | None = None,
    subscription_id: UUID | None = None,
) -> Claim:
    """From `from_at` the subject means this customer; the same claim again changes nothing.

    Raises SubjectTaken where it means another customer, or another of their subscriptions, at any time in between.
    """
    at, name = clock.now(), checks.text(subject, field="subject", longest=300)
    with atomic():
        tree = trees.lock_one(customer.tree_id)
        row = _locked_subject(name)
        for other in Claim.objects.filter(subject=row).select_related("customer"):
            if _same(other, customer, subscription_id, from_at, to_at):
                return other
            if _clashes(other, customer, subscription_id, Period(from_at, to_at or FOREVER)):
                raise SubjectTaken(f"{name!r} means {other.customer.key} at that time", field="subject")
        fact = trees.mark(tree, earliest_at=from_at, cause=Event.SUBJECT_CLAIMED, at=at)
        claimed = Claim.objects.create(
            subject=row,
            customer=customer,
            subscription_id=subscription_id,
            from_at=from_at,
            fact=fact,
            to_at=to_at,
            released_fact=fact if to_at else None,
        )
        after = {"subject": name, "from": from_at.isoformat(), "to": to_at and to_at.isoformat()}
        audit.record(actor=actor, event=Event.SUBJECT_CLAIMED, subject=customer, at=at, after=after)
        outbox.publish(event=Event.SUBJECT_CLAIMED, subject=customer, at=at, payload=after)
    return claimed


def release(*, claim: Claim, to_at: datetime, actor: Actor) -> None:
    """From `to_at` on the subject no longer means this customer. Raises SubjectTaken where it ended already."""
    at = clock.now()
    with atomic():
        tree = trees.lock_one(claim.customer.tree_id)
        row = Claim.objects.get(pk=claim.pk)
        if to_at < row.from_at:
            raise InvalidValue(f"is before the claim began at {row.from_at.isoformat()}", field="to")
        if row.to_at is not None:
            if row.to_at == to_at:
                return
            raise SubjectTaken(f"the claim already ended at {row.to_at.isoformat()}", field="to")
        fact = trees.mark(tree, earliest_at=to_at, cause=Event.SUBJECT_RELEASED, at=at)
        row.to_at, row.released_fact = to_at, fact
        row.save(update_fields=["to_at", "released_fact"])
        audit.record(
            actor=actor, event=Event.SUBJECT_RELEASED, subject=row.customer, at=at, after={"to": to_at.isoformat()}
        )
        outbox.publish(event=Event.SUBJECT_RELEASED, subject=row.customer, at=at)


def claims_of(customer_ids: Iterable[UUID], *, facts: dict[UUID, int] | None = None) -> list[ClaimedSubject]:
    """What subjects mean these customers; with `facts` (tree id → fact number) only as known up to then."""
    rows = Claim.objects.filter(customer__in=list(customer_ids)).order_by("id")
    values = rows.values_list(
        "customer_id",
        "customer__tree_id",
        "subscription_id",
        "subject__name",
        "from_at",
        "fact",
        "to_at",
        "released_fact",
    )
    known: list[ClaimedSubject] = []
    for customer_id, tree_id, subscription_id, name, from_at, fact, to_at, released_fact in values:
        upto = facts[tree_id] if facts is not None else None
        if upto is not None and fact > upto:
            continue
        ended = upto is None or (released_fact is not None and released_fact <= upto)
        until = to_at if to_at is not None and ended else FOREVER
        known.append(ClaimedSubject(customer_id, subscription_id, name, Period(from_at, until)))
    return known


def _locked_subject(name: str) -> Subject:
    identity = derived_id(BEGINNING, "subject", tenant_id(), name)
    insert_new("customers_subject", ["id", "tenant_id", "name"], [[identity, tenant_id(), name]], key="id")
    row: Subject = Subject.objects.select_for_update().get(pk=identity)
    return row


def _same(
    other: Claim, customer: Customer, subscription_id: UUID | None, from_at: datetime, to_at: datetime | None
) -> bool:
    return (other.customer_id, other.subscription_id, other.from_at) == (customer.id, subscription_id, from_at) and (
        to_at is None or other.to_at == to_at
    )


def _clashes(other: Claim, customer: Customer, subscription_id: UUID | None, wanted: Period) -> bool:
    # A customer's claim and the narrower one of its own subscription may stand together: the narrower wins.
    nested = other.customer_id == customer.id and (other.subscription_id is None) != (subscription_id is None)
    return not nested and Period(other.from_at, other.to_at or FOREVER).overlaps(wanted)
