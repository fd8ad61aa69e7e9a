"""For one claim and instant, one live subscription prices a meter (billing rules §3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contracts.book.applying import BookRefused
from contracts.models import Subscription
from contracts.overlap import MeterAlreadyPriced
from core.models import Tenant
from customers.models import Claim
from tests.support import world

CALLS = {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": "0.40"}
TWICE = [
    CALLS,
    {"key": "more_calls", "meter": "calls", "model": "package", "package_size": "10", "amount_per_package": "1"},
]
GPU = {"key": "gpu", "meter": "gpu", "model": "per_unit", "unit_amount": "3"}
FEE = {"key": "fee", "model": "flat", "amount": "10"}


@pytest.fixture(autouse=True)
def offered(books: Tenant) -> None:
    world.apply(
        {
            "customers": [world.customer(), world.customer("c-02")],
            "meters": [{"key": key, "event_type": key, "aggregation": "count"} for key in ("calls", "gpu")],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [
                world.plan("calls", [CALLS]),
                world.plan("twice", TWICE),
                world.plan("gpu", [GPU]),
                world.plan("fee", [FEE]),
            ],
        }
    )


def _sign(key: str, *, plan: str = "calls", start: str = "2026-01-01", customer: str = "c-01", **more: Any) -> None:
    signed = {"key": key, "customer": customer, "plan": plan, "start": world.day(start), **more}
    world.apply({"subscriptions": [signed]})


def _refused(**second: Any) -> bool:
    """Whether s-02 can't be signed; nothing of it stays then."""
    try:
        _sign("s-02", **second)
    except BookRefused as refused:
        (refusal,) = refused.refusals
        assert (refusal.code, refusal.field) == ("meter_already_priced", "subscriptions[0].subjects")
        assert not Subscription.objects.filter(key="s-02").exists()
        return True
    return False


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        ({}, True),
        ({"plan": "twice"}, True),
        ({"start": "2026-06-15"}, True),
        ({"start": "2025-06-15"}, True),
        ({"plan": "gpu"}, False),
        ({"plan": "fee"}, False),
        ({"customer": "c-02"}, False),
        ({"subjects": ["app"]}, False),
    ],
)
def test_a_second_price_for_the_same_usage_is_refused_unless_it_has_subjects_of_its_own(
    second: Mapping[str, Any], refused: bool
) -> None:
    _sign("s-01")
    assert _refused(**second) is refused


def test_the_first_may_be_the_one_with_subjects_of_its_own() -> None:
    _sign("s-01", subjects=["app"])
    assert not _refused()
    own = Claim.objects.get(subscription_id__isnull=False)
    assert (own.subject.name, own.subscription_id) == ("app", Subscription.objects.get(key="s-01").id)
    assert own.from_at == world.instant("2026-01-01")


def test_several_prices_on_one_meter_within_a_subscription_are_meant() -> None:
    _sign("s-01", plan="twice")
    assert Subscription.objects.get().key == "s-01"


@pytest.mark.parametrize(("start", "refused"), [("2026-02-28", True), ("2026-03-01", False)])
def test_one_may_follow_where_the_other_ended(start: str, refused: bool) -> None:
    _sign("s-01")
    world.change("s-01", on="2026-03-01", end=True)
    assert _refused(start=start) is refused


def test_a_plan_change_that_introduces_the_meter_is_refused() -> None:
    _sign("s-01")
    _sign("s-02", plan="fee")
    with pytest.raises(MeterAlreadyPriced, match="'s-01' already prices the same meter") as refused:
        world.change("s-02", on="2026-05-01", plan="twice")
    assert refused.value.field == "subjects"
    world.change("s-02", on="2026-05-01", plan="gpu")
    world.change("s-01", on="2026-04-01", end=True)
    world.change("s-02", on="2026-04-01", plan="calls")
    assert Subscription.objects.get(key="s-02").amendments.count() == 3


def test_whoever_moves_away_from_a_meter_leaves_it_to_the_other() -> None:
    _sign("s-01")
    world.change("s-01", on="2026-03-01", plan="gpu")
    assert _refused(start="2026-02-15")
    assert not _refused(start="2026-03-01")
