"""Small books: one plan, and a customer or several with a subscription to it from 1 January."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from billing import charges
from billing.evaluation import Evaluation, KnowledgePoint, TreeFacts, evaluate, load
from core.db.transaction import atomic
from core.money import format_pico
from customers import trees
from customers.models import Customer, Tree
from metering import watermark
from tests.support import world
from tests.support.world import instant

TOKENS = {"key": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.10"}
FEE = {"key": "fee", "model": "flat", "amount": "310"}
SEATS = {"key": "seats", "model": "per_unit", "unit_amount": "12.00", "quantity": "seats"}
_METER = {"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "tokens"}


def agree(
    *prices: Mapping[str, Any],
    customers: Iterable[Mapping[str, Any]] | None = None,
    group_by: Iterable[str] = (),
    start: str = "2026-01-01",
    plan: Mapping[str, Any] | None = None,
    **signed: Any,
) -> None:
    """Customers (c-01 alone unless named) with one subscription each (s-01 …) to a plan of these prices."""
    parties = list(customers or [world.customer()])
    terms = {"plan": "plan", "start": world.day(start), **signed}
    world.apply(
        {
            "customers": parties,
            "meters": [{**_METER, "group_by": list(group_by)}],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("plan", prices, **(plan or {}))],
            "subscriptions": [{"key": f"s-{one['key'][2:]}", "customer": one["key"], **terms} for one in parties],
        }
    )


def use(id: str, tokens: int | str, *, on: str = "2026-01-10", customer: str = "c-01", **data: Any) -> None:
    """Usage at noon of a day, in UTC."""
    world.ingest(world.event(id, time=f"{on}T12:00:00Z", subject=customer, tokens=tokens, **data))


def tree(customer: str = "c-01") -> Tree:
    found: Tree = Customer.objects.get(key=customer).tree
    return found


def point(customer: str = "c-01") -> KnowledgePoint:
    """What is known of a customer's tree now."""
    return KnowledgePoint(watermark.take(), tree(customer).last_fact)


def facts(customer: str = "c-01", *, known: KnowledgePoint | None = None) -> TreeFacts:
    """A tree as known at a point, or now."""
    (found,) = load({tree(customer).id: known or point(customer)})
    return found


def evaluated(
    through: str, *, known: KnowledgePoint | None = None, whole: bool = False, customer: str = "c-01"
) -> Evaluation:
    (found,) = evaluate([facts(customer, known=known)], through=instant(through), whole=whole)
    return found


def amounts(found: Evaluation) -> list[str]:
    """Each line as `price segment amount`, zeros included."""
    return [f"{one.price.key} {one.key.segment_start:%m-%d} {format_pico(one.amount)}" for one in found.lines]


def book(*customers: str, through: str) -> None:
    """Books what customers owe through an instant, on no document yet."""
    known = {tree(one).id: point(one) for one in customers}
    with atomic():
        trees.lock(known)
        charges.book(evaluate(load(known), through=instant(through)), run=None, at=instant(through))
