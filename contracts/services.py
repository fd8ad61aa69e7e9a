"""Signing and amending subscriptions; storing the periods that were billed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts import overlap, quantities, selectors
from contracts.models import AmendmentRow, BilledPeriod, PlanVersion, Subscription
from contracts.terms import end_of
from contracts.values import Amendment, Change, StoredPeriod
from core import audit, canonical, clock, outbox
from core.actor import Actor
from core.db.transaction import atomic
from core.errors import InvalidValue, Refusal
from core.events import Event
from core.period import local_midnight, zone_named
from customers import checks, trees
from customers.models import Customer, Tree


class SubscriptionEnded(Refusal):
    """The subscription is over by then."""

    code = "subscription_ended"


class RhythmDiffers(Refusal):
    """A subscription keeps its currency and its billing rhythm."""

    code = "rhythm_differs"


class AmendmentDiffers(Refusal):
    """An amendment of that key was already appended, saying something else."""

    code = "amendment_differs"


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed: a plan from a day on, with quantities (pico-quantities by name)."""

    key: str
    plan: str
    start_on: date
    anchor_on: date
    quantities: dict[str, int] = {}
    subjects: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}


class AmendmentFields(msgspec.Struct, frozen=True, kw_only=True):
    """What an amendment says; `key` makes appending it twice the same as once."""

    effective_on: date
    reason: str
    plan: str | None = None
    quantities: dict[str, int] = {}
    end: bool = False
    key: str | None = None
    metadata: dict[str, Any] = {}


def sign(*, customer: Customer, agreement: Agreement, actor: Actor, reason: str = "signed") -> Subscription:
    """A new subscription, its first amendment being the signature.

    Raises NotFound for an unknown plan, QuantityMissing, QuantityUnknown, and MeterAlreadyPriced where another live
    subscription of the customer prices the same usage.
    """
    at, version = clock.now(), selectors.latest_version(agreement.plan)
    start_at = local_midnight(agreement.start_on, zone_named(customer.time_zone))
    with atomic():
        tree = trees.lock_one(customer.tree_id)
        row = Subscription.objects.create(
            key=checks.key(agreement.key),
            customer=customer,
            currency=version.plan.currency,
            interval=version.plan.interval,
            every=version.plan.every,
            start_on=agreement.start_on,
            start_at=start_at,
            anchor_on=agreement.anchor_on,
            metadata=agreement.metadata,
            created_at=at,
        )
        change = Change(plan_version=version.id, quantities=agreement.quantities)
        quantities.require_stated([Amendment(0, start_at, change)])
        quantities.require_known(change, [])
        fields = AmendmentFields(effective_on=agreement.start_on, reason=reason)
        _append(row, tree, fields, start_at, change, actor=actor, at=at, event=Event.SUBSCRIPTION_SIGNED)
        overlap.claim_own_subjects(row, agreement.subjects, actor=actor)
        overlap.require_one_price_per_meter(row)
    return row


def amend(*, subscription: Subscription, fields: AmendmentFields, actor: Actor) -> AmendmentRow:
    """Appends an amendment; the same again (by key, or the same as the last one) changes nothing.

    Raises InvalidValue for one before the start, SubscriptionEnded, RhythmDiffers, QuantityMissing, QuantityUnknown,
    AmendmentDiffers.
    """
    at = clock.now()
    with atomic():
        tree = trees.lock_one(subscription.customer.tree_id)
        change = _change(subscription, fields)
        if (known := _appended_before(subscription, fields, change)) is not None:
            return known
        effective_at = local_midnight(fields.effective_on, zone_named(subscription.customer.time_zone))
        _require_alive(subscription, effective_at)
        event = Event.SUBSCRIPTION_ENDED if fields.end else Event.SUBSCRIPTION_AMENDED
        appended = _append(subscription, tree, fields, effective_at, change, actor=actor, at=at, event=event)
        quantities.require_stated(_known_amendments(subscription))
        quantities.require_known(change, _known_amendments(subscription)[:-1])
        overlap.require_one_price_per_meter(subscription)
    return appended


def store_periods(periods: Iterable[tuple[UUID, StoredPeriod]]) -> None:
    """Keeps the periods (with their subscription's id) of which something has fallen due."""
    BilledPeriod.objects.bulk_create(
        BilledPeriod(
            subscription_id=subscription_id,
            start_at=stored.period.start,
            end_at=stored.period.end,
            cycle_start_at=stored.period.cycle_start,
            cycle_end_at=stored.period.cycle_end,
            zone=stored.period.zone,
            first_watermark=stored.first_watermark,
        )
        for subscription_id, stored in periods
    )


def note_usage_billed(watermarks: Mapping[tuple[UUID, datetime], int]) -> None:
    """Keeps, by (subscription, start), the watermark at which the usage of stored periods was first billed."""
    subscriptions = {subscription for subscription, _ in watermarks}
    rows = [
        row
        for row in BilledPeriod.objects.filter(subscription__in=subscriptions, first_watermark__isnull=True)
        if (row.subscription_id, row.start_at) in watermarks
    ]
    for row in rows:
        row.first_watermark = watermarks[row.subscription_id, row.start_at]
    BilledPeriod.objects.bulk_update(rows, ["first_watermark"], batch_size=500)


def chain_digest(previous_digest: str, row: AmendmentRow) -> str:
    """What the digest of an amendment must be, given the one before it ('' for the first)."""
    return canonical.digest(
        {
            "previous": previous_digest,
            "subscription": str(row.subscription_id),
            "number": row.number,
            "key": row.key,
            "effective_on": row.effective_on.isoformat(),
            "effective_at": row.effective_at.isoformat(),
            "change": row.change,
            "metadata": row.metadata,
            "actor": row.actor,
            "reason": row.reason,
            "recorded_at": row.recorded_at.isoformat(),
        }
    )


def _change(subscription: Subscription, fields: AmendmentFields) -> Change:
    version: PlanVersion | None = None if fields.plan is None else selectors.latest_version(fields.plan)
    if version is not None:
        for name in ("currency", "interval", "every"):
            if getattr(version.plan, name) != getattr(subscription, name):
                raise RhythmDiffers(
                    f"the plan's {name} is {getattr(version.plan, name)}, the subscription's "
                    f"{getattr(subscription, name)}: end this subscription and sign another",
                    field="plan",
                )
    if version is None and not fields.quantities and not fields.end:
        raise InvalidValue("an amendment changes the plan, quantities, or ends the subscription", field="change")
    if fields.end and (version is not None or fields.quantities):
        raise InvalidValue("an end changes nothing else", field="end")
    return Change(plan_version=version.id if version else None, quantities=fields.quantities, end=fields.end)


def _appended_before(subscription: Subscription, fields: AmendmentFields, change: Change) -> AmendmentRow | None:
    rows = AmendmentRow.objects.filter(subscription=subscription)
    if fields.key is not None:
        known: AmendmentRow | None = AmendmentRow.objects.filter(key=fields.key).first()
        if known is not None and not (known.subscription_id == subscription.id and _says(known, fields, change)):
            raise AmendmentDiffers(f"the amendment {fields.key!r} was appended with another content", field="key")
        return known
    latest = rows.order_by("-number").first()
    return latest if latest and latest.key is None and _says(latest, fields, change) else None


def _says(row: AmendmentRow, fields: AmendmentFields, change: Change) -> bool:
    said = (row.effective_on, row.reason, selectors.change_of(row))
    return said == (fields.effective_on, fields.reason, change)


def _require_alive(subscription: Subscription, effective_at: datetime) -> None:
    if effective_at < subscription.start_at:
        raise InvalidValue(f"is before the start on {subscription.start_on}", field="effective")
    ended_at = end_of(_known_amendments(subscription))
    if effective_at >= ended_at:
        raise SubscriptionEnded(f"the subscription ends at {ended_at.isoformat()}", field="effective")


def _known_amendments(subscription: Subscription) -> list[Amendment]:
    rows = AmendmentRow.objects.filter(subscription=subscription).order_by("number")
    return [Amendment(row.number, row.effective_at, selectors.change_of(row)) for row in rows]


def _append(
    subscription: Subscription,
    tree: Tree,
    fields: AmendmentFields,
    effective_at: datetime,
    change: Change,
    *,
    actor: Actor,
    at: datetime,
    event: Event,
) -> AmendmentRow:
    last = AmendmentRow.objects.filter(subscription=subscription).order_by("-number").first()
    row = AmendmentRow(
        subscription=subscription,
        number=last.number + 1 if last else 0,
        key=fields.key,
        effective_on=fields.effective_on,
        effective_at=effective_at,
        change=msgspec.to_builtins(change, str_keys=True, enc_hook=str),
        metadata=fields.metadata,
        fact=trees.mark(tree, earliest_at=effective_at, cause=event, at=at),
        actor=f"{actor.kind}:{actor.name}",
        reason=checks.text(fields.reason, field="reason", longest=2000),
        recorded_at=at,
        previous_digest=last.digest if last else "",
    )
    row.digest = chain_digest(row.previous_digest, row)
    row.save(force_insert=True)
    after = {"effective_on": fields.effective_on.isoformat(), "change": row.change}
    audit.record(actor=actor, event=event, subject=subscription, at=at, after=after, reason=fields.reason)
    outbox.publish(event=event, subject=subscription, at=at, payload=after)
    return row
