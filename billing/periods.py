"""Which service periods a booking stores, and from when on their usage is late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from billing.evaluation import Evaluation
from contracts import services as contracts
from contracts.cycles import ServicePeriod, periods
from contracts.terms import end_of
from contracts.values import StoredPeriod, SubscriptionFacts


def store(evaluations: Sequence[Evaluation]) -> None:
    """Keeps every period of which something has fallen due, with those before it, so that they tile.

    Usage is first billed when the period is over; what comes in above that watermark came late.
    """
    contracts.note_usage_billed(
        {
            (plan.subscription.id, plan.period.start): one.facts.known.watermark
            for one in evaluations
            for plan in one.plans
            if plan.first_watermark is None and plan.ends_at <= one.through
        }
    )
    contracts.store_periods(
        (subscription.id, StoredPeriod(period, _usage_watermark(one, subscription, period)))
        for one in evaluations
        for subscription, until in _billed_until(one)
        for period in periods(
            start=subscription.start_at,
            until=until,
            anchor=subscription.anchor_on,
            cadence=subscription.cadence,
            zone=one.facts.customers[subscription.customer_id].time_zone,
            stored=[stored.period for stored in subscription.stored],
        )
        if period.start not in {stored.period.start for stored in subscription.stored}
    )


def _usage_watermark(one: Evaluation, subscription: SubscriptionFacts, period: ServicePeriod) -> int | None:
    over = min(period.end, end_of(subscription.amendments))
    return one.facts.known.watermark if over <= one.through else None


def _billed_until(one: Evaluation) -> list[tuple[SubscriptionFacts, datetime]]:
    last: dict[UUID, datetime] = {}
    for line in one.lines:
        start, subscription_id = line.key.period_start, line.key.subscription_id
        last[subscription_id] = max(start, last.get(subscription_id, start))
    ends = {(plan.subscription.id, plan.period.start): plan.period.end for plan in one.plans}
    return [
        (subscription, ends[subscription.id, last[subscription.id]])
        for subscription in one.facts.subscriptions
        if subscription.id in last
    ]
