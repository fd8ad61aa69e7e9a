"""Charge keys: one name for each thing that can be owed (billing rules §1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.keys import ChargeKey, Dimensions, Kind, charge_id, dimensions_name, key_id
from core.ids import derived_id
from tests.support.world import instant

TENANT, SUBSCRIPTION, PRICE, OTHER = (UUID(int=n) for n in range(1, 5))
JANUARY, FEBRUARY = instant("2026-01-01"), instant("2026-02-01")
KEY = ChargeKey(
    subscription_id=SUBSCRIPTION, owed_under=PRICE, period_start=JANUARY, segment_start=JANUARY, kind=Kind.USAGE
)


@pytest.mark.parametrize(
    ("dimensions", "name"),
    [
        ((), ""),
        ((("model", "large"),), "5:model5:large"),
        ((("model", ""),), "5:model0:"),
        ((("model", None),), "5:model-:"),
        ((("region", "eu"), ("model", "ü")), "6:region2:eu5:model2:ü"),
    ],
)
def test_dimensions_are_named_in_the_meters_order_and_absent_is_not_empty(dimensions: Dimensions, name: str) -> None:
    assert dimensions_name(dimensions) == name


DIMENSIONS = st.lists(st.tuples(st.text(max_size=4), st.none() | st.text(max_size=4)), max_size=3).map(tuple)


@given(DIMENSIONS, DIMENSIONS)
def test_no_two_lists_of_dimensions_share_a_name_or_a_key(one: Dimensions, other: Dimensions) -> None:
    assert (dimensions_name(one) == dimensions_name(other)) == (one == other)
    assert (_id(dimensions=one) == _id(dimensions=other)) == (one == other)


def _id(tenant: UUID = TENANT, **changes: Any) -> UUID:
    return key_id(tenant, msgspec.structs.replace(KEY, **changes))


def test_whatever_tells_two_keys_apart_is_in_the_id() -> None:
    ids = [
        _id(),
        _id(OTHER),
        _id(subscription_id=OTHER),
        _id(owed_under=OTHER),
        _id(acts_on=PRICE),
        _id(acts_on=OTHER),
        _id(period_start=FEBRUARY),
        _id(segment_start=FEBRUARY),
        _id(segment_start=JANUARY + timedelta(microseconds=1)),
        _id(kind=Kind.FEE),
        _id(dimensions=(("model", None),)),
        _id(dimensions=(("model", ""),)),
        _id(dimensions=(("model", "a"), ("region", "b"))),
        _id(dimensions=(("region", "b"), ("model", "a"))),
    ]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("changes", "pinned"),
    [
        ({}, "019b76da-a800-859a-a8c1-bf391ab62fe5"),
        ({"kind": Kind.FEE, "segment_start": FEBRUARY, "acts_on": OTHER}, "019b76da-a800-8fb4-889c-7211bec72fb9"),
        ({"dimensions": (("model", "large"), ("region", None))}, "019b76da-a800-809c-8395-b519c1fb3759"),
    ],
)
def test_the_id_of_a_key_never_changes(changes: dict[str, Any], pinned: str) -> None:
    """It is in every ledger: another one would bill everything again."""
    assert str(_id(**changes)) == pinned


def test_keys_are_in_the_order_of_their_periods() -> None:
    assert _id(period_start=JANUARY) < _id(period_start=FEBRUARY, segment_start=JANUARY)


def test_a_transfers_id_says_which_one_of_its_key_it_is() -> None:
    """n, dense from 0: a third transfer back to the first amount is no replay of the first (§1.4)."""
    several = [charge_id(TENANT, _id(), JANUARY, n) for n in range(4)]
    assert len({*several, charge_id(OTHER, _id(), JANUARY, 0), charge_id(TENANT, _id(OTHER), JANUARY, 0)}) == 6
    assert several[1] == derived_id(JANUARY, "charge", TENANT, _id(), 1)
    assert str(several[0]) == "019b76da-a800-8334-a6d1-0bc194245c40"
