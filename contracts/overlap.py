"""For one claim and instant, one live subscription prices a meter (billing rules §3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from contracts import selectors
from contracts.models import Subscription
from contracts.terms import end_of
from contracts.timeline import timeline
from contracts.values import SubscriptionFacts
from core.actor import Actor
from core.errors import Refusal
from core.period import Period
from customers import subjects
from customers.models import Claim


class MeterAlreadyPriced(Refusal):
    """Another subscription of the customer prices the same usage at the same time."""

    code = "meter_already_priced"


class _Priced(msgspec.Struct, frozen=True):
    meter_id: UUID
    period: Period


def claim_own_subjects(subscription: Subscription, names: Iterable[str], *, actor: Actor) -> None:
    """Usage under these subjects belongs to this subscription alone, from its start on."""
    for name in names:
        subjects.claim(
            subject=name,
            customer=subscription.customer,
            subscription_id=subscription.id,
            from_at=subscription.start_at,
            actor=actor,
        )


def own_subjects(subscription: Subscription) -> set[str]:
    """The subjects whose usage belongs to this subscription alone."""
    claims = Claim.objects.filter(subscription_id=subscription.id).select_related("subject")
    return {claim.subject.name for claim in claims}


def require_one_price_per_meter(subscription: Subscription) -> None:
    """Raises MeterAlreadyPriced where two subscriptions without subjects of their own price a meter at once.

    Several prices on one meter within a subscription are meant.
    """
    narrow = set(
        Claim.objects.filter(customer=subscription.customer_id, subscription_id__isnull=False).values_list(
            "subscription_id", flat=True
        )
    )
    if subscription.id in narrow:
        return
    known = selectors.subscriptions_of([subscription.customer.tree_id]).get(subscription.customer.tree_id, [])
    siblings = [one for one in known if one.customer_id == subscription.customer_id and one.id not in narrow]
    mine = [one for one in siblings if one.id == subscription.id]
    for other in siblings:
        if other.id != subscription.id and mine and _clash(_priced(mine[0]), _priced(other)):
            raise MeterAlreadyPriced(
                f"the subscription {other.key!r} already prices the same meter for this customer: "
                "give one of them subjects of its own",
                field="subjects",
            )


def _priced(facts: SubscriptionFacts) -> list[_Priced]:
    life = Period(facts.start_at, end_of(facts.amendments))
    prices = selectors.prices_of(
        one.change.plan_version for one in facts.amendments if one.change.plan_version is not None
    )
    runs = timeline(facts.amendments, life, prices)
    return [_Priced(run.price.meter_id, run.period) for run in runs if run.price.meter_id is not None]


def _clash(ours: Iterable[_Priced], theirs: Iterable[_Priced]) -> bool:
    others = list(theirs)
    return any(one.meter_id == other.meter_id and one.period.overlaps(other.period) for one in ours for other in others)
