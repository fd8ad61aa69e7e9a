"""What is owed: terms x usage x prices, each amount under its charge key (billing rules §2).

Pure, in three steps, because usage is read in between: `plan_periods` says which prices run when,
`demands` says which usage is needed, `due` says what is owed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

import msgspec

from billing.keys import ChargeKey, Dimensions, Kind
from billing.proration import Proration, parts, share
from billing.rating import rate
from billing.rating.lines import Rated, scale
from contracts.cycles import ServicePeriod, periods
from contracts.prices import Committed
from contracts.terms import end_of
from contracts.timeline import PriceRun, Segment, timeline
from contracts.values import PriceFacts, SubscriptionFacts
from core.money import PICO, AmountRefused, to_pico
from core.period import Period
from metering.values import UsageValue

#: Whose usage: (subscription, price, period start, run start).
Item = tuple[UUID, UUID, datetime, datetime]
Prices = Mapping[UUID, Sequence[PriceFacts]]
Usage = Mapping[Item, Mapping[Dimensions, UsageValue]]

_INSTANT = timedelta(microseconds=1)
_NONE = UsageValue(quantity=0)
_ONE = UsageValue(quantity=PICO)


class PlannedPeriod(msgspec.Struct, frozen=True):
    """One service period of a subscription with the prices that run in it.

    `first_watermark` is the one at which its usage was first billed, None where it never was.
    """

    subscription: SubscriptionFacts
    period: ServicePeriod
    first_watermark: int | None
    runs: tuple[PriceRun, ...]
    ends_at: datetime


class SubjectSpan(msgspec.Struct, frozen=True):
    """Usage under `subject` from `start` up to `end`."""

    subject: str
    start: datetime
    end: datetime


class Demand(msgspec.Struct, frozen=True):
    """Usage that `due` needs: one meter over spans that are aggregated together."""

    item: Item
    meter_id: UUID
    spans: tuple[SubjectSpan, ...]
    late_after: int | None


class DueLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one charge key comes to (`amount`, pico-units), from when it is due, and how that came about."""

    key: ChargeKey
    amount: int
    due_from: datetime
    service: Period
    price: PriceFacts
    rated: Rated
    usage: UsageValue
    share: Fraction = Fraction(1)
    spans: tuple[SubjectSpan, ...] = ()


def plan_periods(
    subscription: SubscriptionFacts, *, zone: str, prices: Prices, through: datetime, since: datetime
) -> list[PlannedPeriod]:
    """The periods that start by `through` and end after `since`, stored ones as they were stored."""
    over = end_of(subscription.amendments)
    stored = [one.period for one in subscription.stored]
    watermarks = {one.period.start: one.first_watermark for one in subscription.stored}
    reached = periods(
        start=subscription.start_at,
        until=min(through + _INSTANT, over),
        anchor=subscription.anchor_on,
        cadence=subscription.cadence,
        zone=zone,
        stored=stored,
    )
    known = {period.start: period for period in (*reached, *stored)}
    return [
        PlannedPeriod(
            subscription=subscription,
            period=period,
            first_watermark=watermarks.get(period.start),
            runs=tuple(timeline(subscription.amendments, Period(period.start, period.end), prices)),
            ends_at=min(period.end, over),
        )
        for period in known.values()
        if period.end > since
    ]


def demands(
    plans: Iterable[PlannedPeriod], *, spans: Mapping[UUID, Sequence[SubjectSpan]], through: datetime
) -> list[Demand]:
    """The usage of what is due by `through`; `spans` says, by subscription, which subjects are its own and when."""
    return [
        Demand(
            item=_item(plan, run),
            meter_id=run.price.meter_id,
            spans=clipped(spans[plan.subscription.id], run.period),
            late_after=plan.first_watermark,
        )
        for plan in plans
        for run in plan.runs
        if run.price.meter_id is not None and plan.ends_at <= through
    ]


def clipped(spans: Iterable[SubjectSpan], period: Period) -> tuple[SubjectSpan, ...]:
    """The parts of the spans that lie in `period`."""
    inside = (SubjectSpan(one.subject, max(one.start, period.start), min(one.end, period.end)) for one in spans)
    return tuple(one for one in inside if one.start < one.end)


def due(plans: Iterable[PlannedPeriod], *, usage: Usage, through: datetime, needs: Iterable[Demand]) -> list[DueLine]:
    """Every key that is due from an instant ≤ `through`, amounts of zero included.

    Raises AmountRefused, naming subscription and price, where an amount is beyond what the books hold.
    """
    spans = {need.item: need.spans for need in needs}
    lines = (line for plan in plans for run in plan.runs for line in _lines(plan, run, usage, spans))
    return [line for line in lines if line.due_from <= through]


def _lines(
    plan: PlannedPeriod, run: PriceRun, usage: Usage, spans: Mapping[Item, tuple[SubjectSpan, ...]]
) -> list[DueLine]:
    try:
        return _usage_lines(plan, run, usage, spans) if run.price.meter_id else _fee_lines(plan, run)
    except AmountRefused as refusal:
        raise refusal.at(f"subscription {plan.subscription.key}, price {run.price.key}") from None


def _usage_lines(
    plan: PlannedPeriod, run: PriceRun, usage: Usage, spans: Mapping[Item, tuple[SubjectSpan, ...]]
) -> list[DueLine]:
    item = _item(plan, run)
    part = _committed_share(plan, run) if isinstance(run.price.terms, Committed) else Fraction(1)
    lines = []
    for dimensions, value in (usage.get(item) or {(): _NONE}).items():
        rated = rate(run.price.terms, value, share=part)
        lines.append(
            DueLine(
                key=_key(plan, run, run.period.start, Kind.USAGE, dimensions),
                amount=to_pico(rated.amount),
                due_from=plan.ends_at,
                service=run.period,
                price=run.price,
                rated=rated,
                usage=value,
                share=part,
                spans=spans.get(item, ()),
            )
        )
    return lines


def _committed_share(plan: PlannedPeriod, run: PriceRun) -> Fraction:
    """§2.6: unprorated, the commitment at the period's start owes all; a later one owes and includes nothing."""
    if Proration(run.price.proration) is Proration.NONE and run.period.start != plan.period.start:
        return Fraction(0)
    return _share(plan, run.period, run.price)


def _fee_lines(plan: PlannedPeriod, run: PriceRun) -> list[DueLine]:
    """One line per segment; a part owes the difference of two cumulative amounts set to a pico (§2.4)."""
    segments, how = run.segments, Proration(run.price.proration)
    if how is Proration.NONE:
        # §2.6: the terms at the period's start owe all of it.
        segments = (Segment(run.period.start, run.period.end, segments[0].quantity),)
        if run.period.start != plan.period.start:
            return []
    shares = [_share(plan, segment.period, run.price) for segment in segments]
    usages = [_quantity(segment) for segment in segments]
    rated = [scale(rate(run.price.terms, usage), part) for usage, part in zip(usages, shares, strict=True)]
    amounts = parts([one.amount for one in rated])
    return [
        DueLine(
            key=_key(plan, run, segment.start, Kind.FEE, ()),
            amount=amount,
            due_from=plan.period.start if run.price.in_advance else plan.ends_at,
            service=segment.period,
            price=run.price,
            rated=one,
            usage=usage,
            share=part,
        )
        for segment, amount, one, usage, part in zip(segments, amounts, rated, usages, shares, strict=True)
    ]


def _share(plan: PlannedPeriod, part: Period, price: PriceFacts) -> Fraction:
    return share(part, plan.period, Proration(price.proration))


def _quantity(segment: Segment) -> UsageValue:
    return _ONE if segment.quantity is None else UsageValue(quantity=segment.quantity)


def _item(plan: PlannedPeriod, run: PriceRun) -> Item:
    return (plan.subscription.id, run.price.id, plan.period.start, run.period.start)


def _key(plan: PlannedPeriod, run: PriceRun, start: datetime, kind: Kind, dimensions: Dimensions) -> ChargeKey:
    return ChargeKey(
        subscription_id=plan.subscription.id,
        owed_under=run.price.id,
        period_start=plan.period.start,
        segment_start=start,
        dimensions=dimensions,
        kind=kind,
    )
