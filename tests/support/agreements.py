"""Prices, amendments and subscriptions as values, in few words: what the pure files work on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from contracts.cycles import Cadence, Interval
from contracts.prices import read_terms
from contracts.values import Amendment, Change, PriceFacts, StoredPeriod, SubscriptionFacts
from core.money import parse_pico
from tests.support.world import instant


def named(name: str) -> UUID:
    """An id for a thing of that name, always the same."""
    return UUID(bytes=sha256(name.encode()).digest()[:16])


def price(
    key: str,
    model: str,
    *,
    plan: str = "plan",
    metered: bool = False,
    quantity: str | None = None,
    in_advance: bool = False,
    proration: str = "day",
    position: int = 0,
    name: str = "",
    unit: str = "",
    **figures: object,
) -> PriceFacts:
    """A published price; `figures` are its model's own, as a book file writes them."""
    return PriceFacts(
        id=named(f"{plan}.{key}"),
        key=key,
        name=name,
        position=position,
        product_key="product",
        product_name="Product",
        plan_key=plan,
        model=model,
        terms=read_terms(model, figures, path=key),
        meter_id=named(f"meter {key}") if metered else None,
        quantity_name=quantity,
        unit=unit,
        in_advance=in_advance,
        proration=proration,
    )


def amendment(number: int, on: str, *, plan: str | None = None, end: bool = False, **quantities: str) -> Amendment:
    """A change from an instant in UTC on; `plan` names a version by its plan."""
    change = Change(
        plan_version=named(plan) if plan else None,
        quantities={name: parse_pico(text) for name, text in quantities.items()},
        end=end,
    )
    return Amendment(number, instant(on), change)


def subscription(
    *amendments: Amendment,
    anchor: str | None = None,
    cadence: Cadence | None = None,
    stored: Sequence[StoredPeriod] = (),
    key: str = "s-01",
) -> SubscriptionFacts:
    """A subscription that starts with its first amendment."""
    start_at: datetime = amendments[0].effective_at
    return SubscriptionFacts(
        id=named(key),
        key=key,
        customer_id=named("c-01"),
        currency="USD",
        cadence=cadence or Cadence(Interval.MONTH),
        start_at=start_at,
        anchor_on=date.fromisoformat(anchor) if anchor else start_at.date(),
        amendments=amendments,
        stored=tuple(stored),
    )
