"""What was agreed stands as it was signed, and billed periods follow one another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice

from django.db.models import Exists, OuterRef

from contracts.catalogue import PlanFields, PriceFields, plan_digest
from contracts.models import AmendmentRow, BilledPeriod, PlanVersion, Price, Subscription
from contracts.services import chain_digest
from core.db.asking import NAMED, count, holds
from core.integrity import Check, Finding, Outcome, outcome
from customers.models import Claim

_CHUNK = 200


def _amendments() -> Outcome:
    return outcome(count(AmendmentRow), "amendments", islice(_broken_chains(), NAMED))


def _broken_chains() -> Iterator[Finding]:
    if not holds(Subscription, AmendmentRow):
        return
    signed = Exists(AmendmentRow.objects.filter(subscription=OuterRef("pk")))
    for subscription in Subscription.objects.filter(~signed).order_by("id"):
        yield Finding(f"subscription {subscription.key}", "nobody signed it")
    rows = AmendmentRow.objects.select_related("subscription").order_by("subscription", "number")
    for _, chain in groupby(rows.iterator(), key=lambda row: row.subscription_id):
        digest = ""
        for number, row in enumerate(chain):
            if wrong := _wrong(row, number, digest):
                yield Finding(f"amendment {row}", f"not what was signed: {', '.join(wrong)}")
            digest = row.digest


def _wrong(row: AmendmentRow, number: int, previous_digest: str) -> list[str]:
    """What of an amendment doesn't follow from the one before it."""
    right = {
        "number": row.number == number,
        "previous digest": row.previous_digest == previous_digest,
        "digest": row.digest == chain_digest(row.previous_digest, row),
    }
    return [name for name, holds in right.items() if not holds]


def _periods() -> Outcome:
    return outcome(count(BilledPeriod), "billed periods", islice(_untiled(), NAMED) if holds(BilledPeriod) else ())


def _untiled() -> Iterator[Finding]:
    rows = BilledPeriod.objects.select_related("subscription").order_by("subscription", "start_at")
    for _, periods in groupby(rows.iterator(), key=lambda row: row.subscription_id):
        after = None
        for row in periods:
            if row.start_at != (after or row.subscription.start_at):
                yield Finding(f"subscription {row.subscription.key}", f"before the period {row} is a gap or an overlap")
            after = row.end_at


def _plans() -> Outcome:
    if not holds(PlanVersion):
        return outcome(0, "plan versions")
    versions = PlanVersion.objects.select_related("plan").prefetch_related("prices__product", "prices__meter")
    changed = (
        Finding(f"plan {version.plan.key} v{version.number}", "its prices are not what was published")
        for version in versions.order_by("id").iterator(chunk_size=_CHUNK)
        if version.digest != plan_digest(_as_published(version))
    )
    return outcome(count(PlanVersion), "plan versions", islice(changed, NAMED))


def _as_published(version: PlanVersion) -> PlanFields:
    plan = version.plan
    return PlanFields(
        key=plan.key,
        name=plan.name,
        currency=plan.currency,
        interval=plan.interval,
        every=plan.every,
        metadata=plan.metadata,
        prices=tuple(_price(row) for row in sorted(version.prices.all(), key=lambda row: row.position)),
    )


def _price(row: Price) -> PriceFields:
    return PriceFields(
        key=row.key,
        name=row.name,
        product=row.product.key,
        model=row.model,
        terms=row.terms,
        meter=row.meter.key if row.meter else None,
        quantity=row.quantity_name,
        unit=row.unit,
        timing=row.timing,
        proration=row.proration,
        metadata=row.metadata,
    )


def _claims() -> Outcome:
    narrower = Claim.objects.filter(subscription_id__isnull=False)
    counted = narrower.count() if holds(Claim) else 0
    if not counted:
        return outcome(0, "claims of subscriptions")
    own = Exists(Subscription.objects.filter(pk=OuterRef("subscription_id"), customer=OuterRef("customer")))
    found = [
        Finding(f"subject {claim.subject.name}", f"{claim.customer.key} has no subscription {claim.subscription_id}")
        for claim in narrower.filter(~own).select_related("subject", "customer").order_by("id")[:NAMED]
    ]
    return outcome(counted, "claims of subscriptions", found)


CHECKS: tuple[Check, ...] = (
    Check(
        "contracts.amendments",
        2,
        "Each subscription's amendments are an unbroken chain from its signature.",
        _amendments,
    ),
    Check("contracts.plans", 2, "Plan versions hold the prices that were published.", _plans),
    Check(
        "contracts.periods",
        5,
        "Each subscription's billed periods follow one another without gap or overlap.",
        _periods,
    ),
    Check("contracts.claims", 11, "A subject that means a subscription means one of the claimant's own.", _claims),
)
