"""What a subscription owes, in the words of a table: days of the year 2026, amounts as plain decimals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from billing.due import DueLine, PlannedPeriod, SubjectSpan, Usage, demands, due, plan_periods
from billing.keys import Dimensions
from contracts.values import PriceFacts, SubscriptionFacts
from core.money import format_pico, parse_pico
from core.period import BEGINNING, FOREVER
from metering.values import UsageValue
from tests.support.agreements import amendment, named, subscription
from tests.support.world import instant

SIGNED = amendment(0, "2026-03-01", plan="plan", seats="5")
#: By price key: its usage, the whole of it or by dimensions.
Used = Mapping[str, str | Mapping[Dimensions, str]]


def planned(
    *prices: PriceFacts,
    agreed: SubscriptionFacts | None = None,
    through: str = "2026-04-01",
    zone: str = "UTC",
    since: str | None = None,
) -> list[PlannedPeriod]:
    """The periods of a subscription, from 1 March on unless it is agreed otherwise."""
    offered: dict[str, list[PriceFacts]] = {}
    for one in prices:
        offered.setdefault(one.plan_key, []).append(one)
    return plan_periods(
        agreed or subscription(SIGNED),
        zone=zone,
        prices={named(plan): several for plan, several in offered.items()},
        through=instant(through),
        since=instant(since) if since else BEGINNING,
    )


def owed(*prices: PriceFacts, used: Used | None = None, through: str = "2026-04-01", **more: Any) -> list[DueLine]:
    plans = planned(*prices, through=through, **more)
    spans = {plan.subscription.id: [SubjectSpan("c-01", BEGINNING, FOREVER)] for plan in plans}
    needs = demands(plans, spans=spans, through=instant(through))
    return due(plans, usage=_usage(plans, used or {}), through=instant(through), needs=needs)


def _usage(plans: Sequence[PlannedPeriod], used: Used) -> Usage:
    """The same usage in every run of a price."""
    found = {}
    for plan in plans:
        for run in plan.runs:
            said = used.get(run.price.key)
            if said is not None:
                values = {(): said} if isinstance(said, str) else said
                item = (plan.subscription.id, run.price.id, plan.period.start, run.period.start)
                found[item] = {dims: UsageValue(quantity=parse_pico(text)) for dims, text in values.items()}
    return found


def shown(lines: Sequence[DueLine]) -> list[str]:
    """Each line as `price segment..end amount, due day`, days in UTC."""
    return [
        f"{line.price.key} {line.service.start:%m-%d}..{line.service.end:%m-%d} "
        f"{format_pico(line.amount)}, due {line.due_from:%m-%d}"
        for line in lines
    ]


def amounts(lines: Sequence[DueLine]) -> list[str]:
    return [format_pico(line.amount) for line in lines]
