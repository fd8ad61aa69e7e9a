"""Products and plans: published whole, never edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from contracts.models import Plan, PlanVersion, Price, Product
from contracts.prices import dump_terms, read_terms
from core import audit, canonical, clock, outbox
from core.actor import Actor
from core.db.transaction import atomic
from core.errors import InvalidValue, NotFound, Refusal
from core.events import Event
from customers import checks
from metering.models import Meter

#: The fields of a price that every model shares; the rest belongs to the model.
SHARED = ("key", "name", "product", "model", "meter", "unit", "quantity", "timing", "proration", "metadata")


class PlanDiffers(Refusal):
    """A published plan is never changed: it was agreed with somebody."""

    code = "plan_differs"


class PriceFields(msgspec.Struct, frozen=True, kw_only=True):
    """One price as declared, checked; `terms` is the canonical form of its model's figures."""

    key: str
    name: str
    product: str
    model: str
    terms: dict[str, Any]
    meter: str | None
    quantity: str
    unit: str
    timing: str
    proration: str
    metadata: dict[str, Any] = {}


class PlanFields(msgspec.Struct, frozen=True, kw_only=True):
    """One plan as declared, checked."""

    key: str
    name: str
    currency: str
    interval: str
    every: int
    prices: tuple[PriceFields, ...]
    metadata: dict[str, Any] = {}


def read_plan(fields: Mapping[str, Any]) -> PlanFields:
    """The plan, checked. Raises a Refusal whose field is the path within the plan."""
    interval = fields["interval"]
    if interval not in Plan.Interval.values:
        raise InvalidValue(f"choose from {', '.join(Plan.Interval.values)}", field="interval")
    every = fields.get("every", 1)
    if not isinstance(every, int) or isinstance(every, bool) or not 1 <= every <= 366:
        raise InvalidValue("expected a whole number from 1 to 366", field="every")
    prices = tuple(_read_price(price, f"prices[{i}]") for i, price in enumerate(fields["prices"]))
    keys = [price.key for price in prices]
    if not prices:
        raise InvalidValue("a plan needs at least one price", field="prices")
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise InvalidValue(f"the key {twice!r} stands twice", field="prices")
    return PlanFields(
        key=checks.key(fields["key"]),
        name=checks.text(fields.get("name", fields["key"]), field="name", longest=300),
        currency=checks.currency_code(fields["currency"]),
        interval=interval,
        every=every,
        prices=prices,
        metadata=dict(fields.get("metadata", {})),
    )


def publish_plan(*, fields: PlanFields, actor: Actor) -> Plan:
    """The plan, published as its first version; the same again changes nothing.

    Raises PlanDiffers where one of that key was published with other prices, NotFound for an unknown product or meter.
    """
    at, digest = clock.now(), plan_digest(fields)
    with atomic():
        known = PlanVersion.objects.filter(plan__key=fields.key).select_related("plan").order_by("-number").first()
        if known is not None:
            _require_same(known, digest, fields.key)
            return known.plan
        plan = Plan.objects.create(
            **{name: getattr(fields, name) for name in ("key", "name", "currency", "interval", "every", "metadata")}
        )
        version = PlanVersion.objects.create(plan=plan, number=1, published_at=at, digest=digest)
        Price.objects.bulk_create(_price_rows(version, fields.prices))
        audit.record(
            actor=actor, event=Event.PLAN_PUBLISHED, subject=plan, at=at, after={"digest": digest, "version": 1}
        )
        outbox.publish(event=Event.PLAN_PUBLISHED, subject=plan, at=at)
    return plan


def plan_digest(fields: PlanFields) -> str:
    """What identifies the published content of a plan."""
    return canonical.digest(msgspec.to_builtins(fields))


def create_product(*, key: str, name: str, tags: Sequence[str], metadata: Mapping[str, Any], actor: Actor) -> Product:
    """A new product; where the key exists its name and tags are set."""
    values = {"name": checks.text(name, field="name", longest=300), "tags": list(tags), "metadata": dict(metadata)}
    at = clock.now()
    with atomic():
        row = Product.objects.select_for_update().filter(key=key).first()
        if row is not None and all(getattr(row, field) == value for field, value in values.items()):
            return row
        event = Event.PRODUCT_CHANGED if row else Event.PRODUCT_CREATED
        product: Product = Product.objects.update_or_create(key=checks.key(key), defaults=values)[0]
        audit.record(actor=actor, event=event, subject=product, at=at, after=values)
        outbox.publish(event=event, subject=product, at=at)
    return product


def _read_price(fields: Mapping[str, Any], path: str) -> PriceFields:
    model, metered = str(fields["model"]), fields.get("meter") is not None
    own = {name: value for name, value in fields.items() if name not in SHARED}
    terms = dump_terms(read_terms(model, own, path=path))
    timing = fields.get("timing", Price.Timing.ARREARS if metered else Price.Timing.ADVANCE)
    proration = fields.get("proration", Price.Prorated.DAY)
    for name, value, choices in (
        ("timing", timing, Price.Timing.values),
        ("proration", proration, Price.Prorated.values),
    ):
        if value not in choices:
            raise InvalidValue(f"choose from {', '.join(choices)}", field=f"{path}.{name}")
    quantity = fields.get("quantity") or ""
    _require_sense(model, metered=metered, quantity=quantity, timing=str(timing), path=path)
    return PriceFields(
        key=checks.key(fields["key"], field=f"{path}.key"),
        name=checks.text(fields.get("name", ""), field=f"{path}.name", longest=300, empty=True),
        product=checks.key(fields["product"], field=f"{path}.product"),
        model=model,
        terms=terms,
        meter=checks.key(fields["meter"], field=f"{path}.meter") if metered else None,
        quantity=checks.text(quantity, field=f"{path}.quantity", longest=120, empty=True),
        unit=checks.text(fields.get("unit", ""), field=f"{path}.unit", longest=60, empty=True),
        timing=str(timing),
        proration=str(proration),
        metadata=dict(fields.get("metadata", {})),
    )


def _require_sense(model: str, *, metered: bool, quantity: str, timing: str, path: str) -> None:
    if metered and quantity:
        raise InvalidValue("a price multiplies a meter or a quantity, not both", field=f"{path}.quantity")
    if model == "flat" and (metered or quantity):
        raise InvalidValue("a flat price multiplies nothing", field=f"{path}.{'meter' if metered else 'quantity'}")
    if model != "flat" and not metered and not quantity:
        raise InvalidValue(f"a {model} price needs a meter or a quantity", field=f"{path}.meter")
    if metered and timing == Price.Timing.ADVANCE:
        raise InvalidValue("usage can't be charged before it happened", field=f"{path}.timing")


def _require_same(known: PlanVersion, digest: str, key: str) -> None:
    if known.digest != digest:
        raise PlanDiffers(
            f"the plan {key!r} is published with other prices or names; published plans never change: "
            "declare the new prices as a plan with another key and move subscriptions to it with an amendment",
            field="key",
        )


def _price_rows(version: PlanVersion, prices: Sequence[PriceFields]) -> list[Price]:
    products = {row.key: row for row in Product.objects.filter(key__in=[price.product for price in prices])}
    meters = {row.key: row for row in Meter.objects.filter(key__in=[price.meter for price in prices if price.meter])}
    rows = []
    for position, price in enumerate(prices):
        if price.product not in products:
            raise NotFound(f"there is no product {price.product!r}", field=f"prices[{position}].product")
        if price.meter is not None and price.meter not in meters:
            raise NotFound(f"there is no meter {price.meter!r}", field=f"prices[{position}].meter")
        rows.append(
            Price(
                version=version,
                position=position,
                key=price.key,
                name=price.name,
                product=products[price.product],
                model=price.model,
                terms=price.terms,
                meter=meters[price.meter] if price.meter else None,
                quantity_name=price.quantity,
                unit=price.unit,
                timing=price.timing,
                proration=price.proration,
                metadata=price.metadata,
            )
        )
    return rows
