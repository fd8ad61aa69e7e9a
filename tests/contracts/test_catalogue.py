"""Products and plans: published whole, never edited."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import catalogue, selectors
from contracts.catalogue import PlanDiffers, read_plan
from contracts.models import Plan, PlanVersion, Price, Product
from core.actor import Actor
from core.errors import NotFound, Refusal
from core.models import AuditRecord, Message, Tenant
from tests.support import world
from tests.support.tenants import another_tenant

PER_UNIT = {"key": "calls", "product": "llm", "model": "per_unit", "unit_amount": "0.40"}
FLAT = {"key": "platform", "product": "llm", "model": "flat", "amount": "49.00"}
CALLS = {"key": "calls", "event_type": "used", "aggregation": "count"}


def _plan(*prices: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"key": "payg", "currency": "USD", "interval": "month", "prices": list(prices or [FLAT]), **fields}


def _metered(**fields: Any) -> dict[str, Any]:
    return {**PER_UNIT, "meter": "calls", **fields}


@pytest.mark.parametrize(
    ("plan", "code", "field"),
    [
        (_plan(key=""), "invalid_value", "key"),
        (_plan(key="k" * 121), "invalid_value", "key"),
        (_plan(name="a\nb"), "invalid_value", "name"),
        (_plan(currency="usd"), "unknown_currency", "currency"),
        (_plan(interval="fortnight"), "invalid_value", "interval"),
        *((_plan(every=every), "invalid_value", "every") for every in (0, -1, 367, "1", True, 1.0)),
        (_plan() | {"prices": []}, "invalid_value", "prices"),
        (_plan(FLAT, FLAT), "invalid_value", "prices"),
        (_plan(FLAT | {"key": ""}), "invalid_value", "prices[0].key"),
        (_plan(FLAT, _metered(key="x", name="\x00")), "invalid_value", "prices[1].name"),
        (_plan(FLAT | {"product": ""}), "invalid_value", "prices[0].product"),
        (_plan(FLAT | {"unit": "u" * 61}), "invalid_value", "prices[0].unit"),
        (_plan(FLAT | {"model": "tiered"}), "unknown_price_model", "prices[0].model"),
        (_plan(FLAT | {"tiers": []}), "unknown_field", "prices[0].tiers"),
        (_plan(FLAT | {"amount": "-1"}), "negative_value", "prices[0].amount"),
        (_plan(FLAT | {"amount": 49}), "unquoted_number", "prices[0].amount"),
        (_plan({name: FLAT[name] for name in ("key", "product", "model")}), "missing_field", "prices[0].amount"),
        (_plan(FLAT | {"timing": "later"}), "invalid_value", "prices[0].timing"),
        (_plan(FLAT | {"proration": "hour"}), "invalid_value", "prices[0].proration"),
        (_plan(FLAT | {"meter": "calls"}), "invalid_value", "prices[0].meter"),
        (_plan(FLAT | {"quantity": "seats"}), "invalid_value", "prices[0].quantity"),
        (_plan(PER_UNIT), "invalid_value", "prices[0].meter"),
        (_plan(_metered(quantity="seats")), "invalid_value", "prices[0].quantity"),
        (_plan(_metered(timing="advance")), "invalid_value", "prices[0].timing"),
        (_plan(_metered(meter="m" * 121)), "invalid_value", "prices[0].meter"),
        (_plan(PER_UNIT | {"quantity": "q" * 121}), "invalid_value", "prices[0].quantity"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_path(plan: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_plan(plan)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("price", "timing"),
    [
        (FLAT, "advance"),
        (PER_UNIT | {"quantity": "seats"}, "advance"),
        (_metered(), "arrears"),
        (FLAT | {"timing": "arrears"}, "arrears"),
    ],
)
def test_what_is_not_said_of_a_price_is_as_documented(price: dict[str, Any], timing: str) -> None:
    """Interfaces §2: usage in arrears, everything else in advance; by the day."""
    plan = read_plan(_plan(price))
    assert (plan.name, plan.every) == ("payg", 1)
    assert (plan.prices[0].timing, plan.prices[0].proration) == (timing, "day")
    assert (plan.prices[0].name, plan.prices[0].unit) == ("", "")


def _products(books: Tenant) -> None:
    world.apply({"meters": [CALLS], "products": [{"key": "llm", "name": "API"}]})


@pytest.fixture
def ready(books: Tenant) -> None:
    """A product and a meter to price."""
    _products(books)


def _publish(plan: dict[str, Any]) -> Plan:
    return catalogue.publish_plan(fields=read_plan(plan), actor=world.TESTER)


def test_a_plan_is_published_whole_with_its_prices_in_their_places(ready: None) -> None:
    _publish(_plan(FLAT, _metered(name="API calls", unit="call"), interval="quarter", every=2))
    version = selectors.latest_version("payg")
    assert (version.number, version.plan.interval, version.plan.every) == (1, "quarter", 2)
    assert list(Price.objects.values_list("position", "key", "model", "timing", "meter__key")) == [
        (0, "platform", "flat", "advance", None),
        (1, "calls", "per_unit", "arrears", "calls"),
    ]
    assert AuditRecord.objects.get(event="plan.published").after == {"digest": version.digest, "version": 1}


def test_publishing_it_again_changes_nothing(ready: None) -> None:
    plan = _plan(FLAT, _metered())
    assert _publish(plan) == _publish(plan)
    # The same said in other words: what is left out is as documented, and figures are compared as numbers.
    same = _plan(FLAT | {"timing": "advance", "amount": "49.0"}, _metered(unit_amount="0.4000"), every=1, name="payg")
    assert _publish(same) == Plan.objects.get()
    assert (PlanVersion.objects.count(), Message.objects.filter(event="plan.published").count()) == (1, 1)


@pytest.mark.parametrize(
    "changed",
    [
        _plan(FLAT | {"amount": "50.00"}, _metered()),
        _plan(FLAT | {"name": "Platform"}, _metered()),
        _plan(FLAT | {"proration": "none"}, _metered()),
        _plan(FLAT | {"timing": "arrears"}, _metered()),
        _plan(FLAT, _metered(unit="call")),
        _plan(_metered(), FLAT),
        _plan(FLAT),
        _plan(FLAT, _metered(), every=2),
        _plan(FLAT, _metered(), name="Pay as you go"),
        _plan(FLAT, _metered(), currency="EUR"),
    ],
)
def test_a_published_plan_that_differs_is_refused_with_what_to_do_instead(ready: None, changed: dict[str, Any]) -> None:
    """It was agreed with somebody."""
    _publish(_plan(FLAT, _metered()))
    with pytest.raises(PlanDiffers, match="declare the new prices as a plan with another key") as refused:
        _publish(changed)
    assert (refused.value.field, Price.objects.count()) == ("key", 2)


@pytest.mark.parametrize(
    ("price", "field"),
    [(FLAT | {"product": "none"}, "prices[1].product"), (_metered(meter="none"), "prices[1].meter")],
)
def test_a_dangling_reference_is_refused_and_nothing_is_published(
    ready: None, price: dict[str, Any], field: str
) -> None:
    with pytest.raises(NotFound) as refused:
        _publish(_plan(FLAT, price | {"key": "other"}))
    assert (refused.value.field, Plan.objects.count(), PlanVersion.objects.count()) == (field, 0, 0)


def test_another_tenants_products_and_plans_are_not_found(ready: None) -> None:
    _publish(_plan())
    with another_tenant() as other:
        with pytest.raises(NotFound):
            _publish(_plan())
        _products(other)
        assert _publish(_plan()).key == "payg"


def _product(actor: Actor, **fields: Any) -> Product:
    said = {"key": "llm", "name": "API", "tags": ["ai"], "metadata": {}, **fields}
    return catalogue.create_product(**said, actor=actor)


def test_a_product_is_made_once_and_may_be_renamed(books: Tenant, actor: Actor) -> None:
    assert _product(actor) == _product(actor) == _product(actor, name="Model API", tags=[])
    assert Product.objects.values_list("name", "tags").get() == ("Model API", [])
    assert list(
        AuditRecord.objects.filter(event__startswith="product.").order_by("id").values_list("event", flat=True)
    ) == [
        "product.created",
        "product.changed",
    ]


@pytest.mark.parametrize(("name", "value"), [("key", ""), ("name", ""), ("name", "x" * 301)])
def test_a_product_needs_a_key_and_a_name(books: Tenant, actor: Actor, name: str, value: str) -> None:
    with pytest.raises(Refusal) as refused:
        _product(actor, **{name: value})
    assert (refused.value.field, Product.objects.count()) == (name, 0)
