"""What was agreed, as values for the pure files: prices, amendments, subscriptions."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from contracts.cycles import Cadence, ServicePeriod
from contracts.prices import PriceTerms


class PriceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A published price. `meter_id` and `quantity_name` say what it multiplies; both None for a fixed fee."""

    id: UUID
    key: str
    name: str
    position: int
    product_key: str
    product_name: str
    plan_key: str
    model: str
    terms: PriceTerms
    meter_id: UUID | None
    quantity_name: str | None
    unit: str
    in_advance: bool
    proration: str


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one amendment sets; None leaves a thing as it is. Quantities are pico-quantities by name."""

    plan_version: UUID | None = None
    quantities: dict[str, int] = {}
    end: bool = False


class Amendment(msgspec.Struct, frozen=True):
    """A change and the instant from which it counts."""

    number: int
    effective_at: datetime
    change: Change


class SubscriptionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription with all that is known of it; `stored` are its billed periods, oldest first."""

    id: UUID
    key: str
    customer_id: UUID
    currency: str
    cadence: Cadence
    start_at: datetime
    anchor_on: date
    amendments: tuple[Amendment, ...]
    stored: tuple[StoredPeriod, ...] = ()


class StoredPeriod(msgspec.Struct, frozen=True):
    """A billed period, and the watermark at which its usage was first billed, None before that."""

    period: ServicePeriod
    first_watermark: int | None
