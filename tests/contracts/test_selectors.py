"""Every read about what was agreed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from contracts import selectors
from contracts.cycles import Cadence, Interval
from contracts.prices import PerUnit
from core.errors import NotFound
from core.models import Tenant
from core.money import PICO
from customers.models import Customer
from tests.support import world
from tests.support.tenants import another_tenant
from tests.support.world import instant

SEATS = {"key": "seats", "model": "per_unit", "unit_amount": "12.0000000000001", "quantity": "seats", "unit": "seat"}
CALLS = {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": "1", "name": "API calls"}


@pytest.fixture(autouse=True)
def agreed(books: Tenant) -> None:
    """A subscription signed, then amended twice: back-dated the second time."""
    world.apply(
        {
            "customers": [world.customer(), world.customer("c-02", subjects=[], parent="c-01")],
            "meters": [{"key": "calls", "event_type": "used", "aggregation": "count"}],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("payg", [CALLS, SEATS], every=3)],
            "subscriptions": [
                {
                    "key": "s-01",
                    "customer": "c-01",
                    "plan": "payg",
                    "start": world.day("2026-01-15"),
                    "anchor": world.day("2026-01-31"),
                    "quantities": {"seats": "5"},
                }
            ],
        }
    )
    world.change(on="2026-03-01", seats="8")
    world.change(on="2026-02-01", seats="7")


def _root() -> Customer:
    return Customer.objects.get(key="c-01")


def test_a_subscription_with_all_that_is_known_of_it() -> None:
    root = _root()
    found = selectors.subscriptions_of([root.tree_id])
    assert set(found) == {root.tree_id}
    (facts,) = found[root.tree_id]
    assert (facts.key, facts.customer_id, facts.currency) == ("s-01", root.id, "USD")
    assert (facts.cadence, facts.start_at) == (Cadence(Interval.MONTH, 3), instant("2026-01-15"))
    assert (facts.anchor_on, facts.stored) == (world.day("2026-01-31"), ())
    assert [(one.number, one.effective_at) for one in facts.amendments] == [
        (0, instant("2026-01-15")),
        (1, instant("2026-03-01")),
        (2, instant("2026-02-01")),
    ]


def test_only_what_was_known_up_to_a_fact_is_told() -> None:
    """An evaluation at an earlier knowledge point sees neither later papers nor what was signed later."""
    root = _root()
    last = root.tree.last_fact
    known = {
        fact: [
            one.change.quantities["seats"] // PICO
            for facts in selectors.subscriptions_of([root.id], facts={root.id: fact}).get(root.id, [])
            for one in facts.amendments
        ]
        for fact in range(last - 3, last + 1)
    }
    assert list(known.values()) == [[], [5], [5, 8], [5, 8, 7]]


def test_stored_periods_come_oldest_first_with_their_watermarks() -> None:
    world.ingest(world.event("e-1", time="2026-01-20T00:00:00Z"))
    world.bill("2026-05-01")
    root = _root()
    (facts,) = selectors.subscriptions_of([root.id])[root.id]
    stored = [(one.period.start, one.period.end, one.first_watermark is not None) for one in facts.stored]
    assert stored == [
        (instant("2026-01-15"), instant("2026-01-31"), True),
        (instant("2026-01-31"), instant("2026-04-30"), True),
        (instant("2026-04-30"), instant("2026-07-31"), False),
    ]


def test_prices_are_told_in_their_places_and_to_the_last_digit() -> None:
    version = selectors.latest_version("payg")
    calls, seats = selectors.prices_of([version.id])[version.id]
    assert (calls.key, calls.name, calls.position, calls.in_advance) == ("calls", "API calls", 0, False)
    assert (calls.meter_id is None, calls.quantity_name, calls.plan_key) == (False, None, "payg")
    assert (seats.key, seats.quantity_name, seats.unit, seats.in_advance) == ("seats", "seats", "seat", True)
    assert (seats.product_key, seats.product_name, seats.meter_id) == ("product", "Product", None)
    assert seats.terms == PerUnit(Fraction(120000000000001, 10**13))


@pytest.mark.parametrize("find", [selectors.subscription, selectors.latest_version])
@pytest.mark.parametrize("key", ["none", ""])
def test_what_there_is_not_is_told(find: object, key: str) -> None:
    with pytest.raises(NotFound):
        find(key)  # type: ignore[operator]


def test_another_tenant_finds_nothing() -> None:
    root, version = _root(), selectors.latest_version("payg")
    with another_tenant():
        assert selectors.subscriptions_of([root.tree_id]) == {}
        assert selectors.prices_of([version.id]) == {}
        with pytest.raises(NotFound):
            selectors.subscription("s-01")
