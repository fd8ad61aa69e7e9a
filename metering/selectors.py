"""Reading usage, and what became of what was sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from core.errors import InvalidValue, NotFound
from core.period import Period
from customers.models import Claim, Customer
from customers.subjects import claims_of
from metering import layouts, watermark
from metering.aggregation import MeterRule
from metering.models import Batch, Event, Finding, Import, Meter, Quarantined, Void
from metering.stores import store
from metering.values import Dimensions, Span, UsageEvent, UsageValue, View

_THE_CUSTOMER = "customer"
#: Milliseconds that a question about usage may keep new batches waiting.
_PATIENCE = 200


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's usage, exact up to the watermark: the same one gives the same quantities for ever."""

    watermark: int
    by_dimensions: dict[Dimensions, UsageValue]


class UnknownSubject(msgspec.Struct, frozen=True, kw_only=True):
    """A subject whose events nobody is charged for, because no customer claims it at their time."""

    subject: str
    events: int
    first_at: datetime
    last_at: datetime


def meter_by_key(key: str) -> Meter:
    """The published meter of that key. Raises NotFound."""
    meter = Meter.objects.filter(key=key).first()
    if meter is None:
        raise NotFound(f"there is no meter {key!r}", field="meter")
    return meter


def meter_rule(meter: Meter) -> MeterRule:
    """What a store needs to know of the meter."""
    return layouts.rules([meter])[meter.key]


def rules_of(meter_ids: Iterable[UUID]) -> dict[UUID, MeterRule]:
    """The same for many meters, by id."""
    meters = list(Meter.objects.filter(pk__in=set(meter_ids)))
    rules = layouts.rules(meters)
    return {meter.id: rules[meter.key] for meter in meters}


def customer_usage(
    *, customer: Customer, meter: Meter, start: datetime, end: datetime, until: int | None = None, grouped: bool = True
) -> Usage:
    """What the customer's subjects used from `start` up to `end`, as of watermark `until` (default: now).

    With `grouped=False` over all dimensions together. Raises InvalidValue where the end isn't after the start.
    """
    if start >= end:
        raise InvalidValue("must be after the start", field="end")
    seen = watermark.take(wait_milliseconds=_PATIENCE, tries=1) if until is None else until
    rule = meter_rule(meter) if grouped else meter_rule(meter).ungrouped()
    found = store().usage(rule, customer_spans(customer=customer, period=Period(start, end)), seen)
    return Usage(watermark=seen, by_dimensions=found.get(_THE_CUSTOMER, {}))


def customer_events(
    *, customer: Customer, meter: Meter, start: datetime, end: datetime, until: int, after: int = 0, limit: int = 1_000
) -> list[UsageEvent]:
    """The events behind that usage, by number, beginning after the number `after`."""
    spans = customer_spans(customer=customer, period=Period(start, end))
    seen = View(spans=tuple(spans), watermark=until)
    return store().events(meter_rule(meter), [seen], after=after, limit=limit)


def customer_spans(*, customer: Customer, period: Period) -> list[Span]:
    """The times within the period in which subjects mean the customer, or one of its subscriptions."""
    periods: dict[str, list[Period]] = defaultdict(list)
    for claim in claims_of([customer.id]):
        if common := claim.period.intersection(period):
            periods[claim.subject].append(common)
    return [
        Span(item=_THE_CUSTOMER, subject=subject, start=one.start, end=one.end)
        for subject, several in periods.items()
        for one in _united(several)
    ]


def _united(periods: list[Period]) -> list[Period]:
    """The same time without overlaps: a customer's claim may contain one of its subscription's."""
    united: list[Period] = []
    for period in sorted(periods):
        if united and period.start <= united[-1].end:
            united[-1] = Period(united[-1].start, max(united[-1].end, period.end))
        else:
            united.append(period)
    return united


def unknown_subjects(*, limit: int = 1_000) -> list[UnknownSubject]:
    """Subjects with events that no claim covers, the most frequent first."""
    covering = Claim.objects.filter(subject__name=OuterRef("subject"), from_at__lte=OuterRef("time")).filter(
        Q(to_at__isnull=True) | Q(to_at__gt=OuterRef("time"))
    )
    unclaimed = Event.objects.filter(~Exists(covering)).order_by()
    rows = unclaimed.values("subject").annotate(events=Count("*"), first_at=Min("time"), last_at=Max("time"))
    return [UnknownSubject(**row) for row in rows.order_by("-events", "subject")[:limit]]


def batches() -> QuerySet[Batch]:
    """What was accepted when, the latest first."""
    return Batch.objects.order_by("-number")


def quarantine(*, state: str = Quarantined.State.OPEN) -> QuerySet[Quarantined]:
    """What was sent and not taken, in the order in which it came."""
    return Quarantined.objects.filter(state=state).select_related("batch").order_by("batch__number", "position")


def findings(*, meter: Meter | None = None) -> QuerySet[Finding]:
    """Stored events that a meter can't read."""
    rows = Finding.objects.select_related("meter").order_by("meter__key", "event_number")
    return rows if meter is None else rows.filter(meter=meter)


def voids() -> QuerySet[Void]:
    """Events that were taken back, the latest first."""
    return Void.objects.order_by("-number")


def imports() -> QuerySet[Import]:
    """Imports of files, the latest first."""
    return Import.objects.order_by("-started_at", "-id")
