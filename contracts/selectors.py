"""Every read about what was agreed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from contracts.cycles import Cadence, Interval, ServicePeriod
from contracts.models import AmendmentRow, BilledPeriod, PlanVersion, Price, Subscription
from contracts.prices import read_terms
from contracts.values import Amendment, Change, PriceFacts, StoredPeriod, SubscriptionFacts
from core.errors import NotFound


def subscription(key: str) -> Subscription:
    """The subscription of that key. Raises NotFound."""
    found = Subscription.objects.select_related("customer").filter(key=key).first()
    if found is None:
        raise NotFound(f"there is no subscription {key!r}", field="subscription")
    return found


def latest_version(plan_key: str) -> PlanVersion:
    """The published version of that plan that new agreements get. Raises NotFound."""
    rows = PlanVersion.objects.select_related("plan").filter(plan__key=plan_key)
    found = rows.order_by("-number").first()
    if found is None:
        raise NotFound(f"there is no plan {plan_key!r}", field="plan")
    return found


def subscriptions_of(
    tree_ids: Iterable[UUID], *, facts: Mapping[UUID, int] | None = None
) -> dict[UUID, list[SubscriptionFacts]]:
    """The subscriptions of each tree; with `facts` (tree → fact number) only as known up to then."""
    found: dict[UUID, list[SubscriptionFacts]] = defaultdict(list)
    rows = list(
        Subscription.objects.filter(customer__tree__in=list(tree_ids)).select_related("customer").order_by("id")
    )
    amendments, stored = _amendments(rows, facts), _stored_periods(rows)
    for row in rows:
        if row.id in amendments:
            found[row.customer.tree_id].append(_facts(row, amendments[row.id], stored.get(row.id, [])))
    return dict(found)


def prices_of(version_ids: Iterable[UUID]) -> dict[UUID, tuple[PriceFacts, ...]]:
    """The prices of each plan version, in their places."""
    found: dict[UUID, list[PriceFacts]] = defaultdict(list)
    rows = Price.objects.filter(version__in=set(version_ids)).select_related("product", "version__plan")
    for row in rows.order_by("version", "position"):
        found[row.version_id].append(price_facts(row))
    return {version: tuple(prices) for version, prices in found.items()}


def price_facts(row: Price) -> PriceFacts:
    fields = {name: value for name, value in row.terms.items() if name != "model"}
    return PriceFacts(
        id=row.id,
        key=row.key,
        name=row.name,
        position=row.position,
        product_key=row.product.key,
        product_name=row.product.name,
        plan_key=row.version.plan.key,
        model=row.model,
        terms=read_terms(row.model, fields, path=row.key),
        meter_id=row.meter_id,
        quantity_name=row.quantity_name or None,
        unit=row.unit,
        in_advance=row.timing == Price.Timing.ADVANCE,
        proration=row.proration,
    )


def change_of(row: AmendmentRow) -> Change:
    return msgspec.convert(row.change, Change)


def _amendments(rows: Iterable[Subscription], facts: Mapping[UUID, int] | None) -> dict[UUID, list[Amendment]]:
    found: dict[UUID, list[Amendment]] = defaultdict(list)
    papers = AmendmentRow.objects.filter(subscription__in=list(rows)).order_by("subscription", "number")
    for paper in papers.select_related("subscription__customer"):
        if facts is None or paper.fact <= facts[paper.subscription.customer.tree_id]:
            found[paper.subscription_id].append(Amendment(paper.number, paper.effective_at, change_of(paper)))
    return found


def _stored_periods(rows: Iterable[Subscription]) -> dict[UUID, list[StoredPeriod]]:
    found: dict[UUID, list[StoredPeriod]] = defaultdict(list)
    for row in BilledPeriod.objects.filter(subscription__in=list(rows)).order_by("subscription", "start_at"):
        period = ServicePeriod(row.start_at, row.end_at, row.cycle_start_at, row.cycle_end_at, row.zone)
        found[row.subscription_id].append(StoredPeriod(period, row.first_watermark))
    return found


def _facts(row: Subscription, amendments: list[Amendment], stored: list[StoredPeriod]) -> SubscriptionFacts:
    return SubscriptionFacts(
        id=row.id,
        key=row.key,
        customer_id=row.customer_id,
        currency=row.currency,
        cadence=Cadence(Interval(row.interval), row.every),
        start_at=row.start_at,
        anchor_on=row.anchor_on,
        amendments=tuple(amendments),
        stored=tuple(stored),
    )
