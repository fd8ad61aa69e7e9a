"""Charges on no document yet, as values: what drafts are gathered from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from billing.invoicing.draft import Draft, DraftLine, Entry, History, KeyFacts, gather
from billing.keys import ChargeKey, Dimensions, Kind
from billing.rating import rate
from billing.rating.lines import Rated
from contracts.values import PriceFacts
from core.money import Rounding, parse_pico
from metering.values import UsageValue
from tests.support.agreements import named, price
from tests.support.world import instant

JANUARY, FEBRUARY, MARCH = (instant(f"2026-{month:02}-01") for month in (1, 2, 3))
TOKENS = price("tokens", "per_unit", metered=True, unit_amount="1", name="Tokens", unit="token")
FEE = price("fee", "flat", amount="10")


def rated(quantity: str, one: PriceFacts = TOKENS) -> Rated:
    """A whole quantity under a price."""
    return rate(one.terms, UsageValue(quantity=parse_pico(quantity)))


def entry(amount: str, *, key: str = "k", n: int = 0, **more: Any) -> Entry:
    """What the n-th charge adds to a key, for January: as many tokens, at 1 each."""
    said: dict[str, Any] = {
        "due_from": FEBRUARY,
        "service_start": JANUARY,
        "service_end": FEBRUARY,
        "rated": rated(amount),
        "moved": rated(amount),
        "late": False,
    }
    return Entry(charge_id=named(f"{key} {n}"), key_id=named(key), n=n, amount=parse_pico(amount), **{**said, **more})


def facts(
    one: PriceFacts = TOKENS,
    *,
    segment_start: datetime = JANUARY,
    dimensions: Dimensions = (),
    customer: str = "c-01",
    subscription: str = "s-01",
    zone: str = "UTC",
) -> KeyFacts:
    """The names that a line shows."""
    kind = Kind.USAGE if one.meter_id else Kind.FEE
    key = ChargeKey(
        subscription_id=named(subscription),
        owed_under=one.id,
        period_start=segment_start,
        segment_start=segment_start,
        dimensions=dimensions,
        kind=kind,
    )
    return KeyFacts(key=key, customer_key=customer, customer_zone=zone, subscription_key=subscription, price=one)


def lines(
    *entries: Entry,
    named_as: Mapping[str, KeyFacts] | None = None,
    histories: Mapping[str, History] | None = None,
    digits: int = 2,
    rounding: Rounding = Rounding.HALF_EVEN,
) -> tuple[DraftLine, ...]:
    """The entries gathered; keys are named by a word."""
    known: dict[UUID, KeyFacts] = {one.key_id: facts() for one in entries}
    known |= {named(word): one for word, one in (named_as or {}).items()}
    before = {named(word): one for word, one in (histories or {}).items()}
    return gather(entries, histories=before, facts=known, digits=digits, rounding=rounding)


def draft(several: Iterable[DraftLine], *, currency: str = "USD") -> Draft:
    return Draft(payer_id=named("c-01"), currency=currency, cut_off_at=FEBRUARY, lines=tuple(several))
