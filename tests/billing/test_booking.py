"""The difference, key by key: due minus booked, over the union of both (billing rules §1.3)."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.booking import Booked, differences
from billing.due import DueLine
from billing.keys import ChargeKey, Kind, key_id
from billing.rating.lines import Rated
from core.money import PICO, from_pico
from core.period import Period
from metering.values import UsageValue
from tests.support.agreements import named, price
from tests.support.world import instant

TENANT, PAYER = UUID(int=1), UUID(int=2)
FEE = price("fee", "flat", amount="1")
MONTHS = [instant(f"2026-{month:02}-01") for month in range(1, 6)]


def _key(month: int) -> ChargeKey:
    """The fee of a month."""
    start = MONTHS[month - 1]
    return ChargeKey(
        subscription_id=named("s-01"), owed_under=FEE.id, period_start=start, segment_start=start, kind=Kind.FEE
    )


def _line(month: int, amount: int) -> DueLine:
    key = _key(month)
    return DueLine(
        key=key,
        amount=amount,
        due_from=key.period_start,
        service=Period(key.period_start, MONTHS[month]),
        price=FEE,
        rated=Rated(quantity=PICO, amount=from_pico(amount), breakdown=()),
        usage=UsageValue(quantity=PICO),
    )


def _booked(month: int, amount: int, n: int) -> Booked:
    key = _key(month)
    return Booked(
        id=key_id(TENANT, key),
        key=key,
        currency="USD",
        payer_id=PAYER,
        in_advance=False,
        n=n,
        amount=amount,
        due_from=key.period_start,
        service_start=key.period_start,
        service_end=MONTHS[month],
        late_count=0,
    )


def _found(due: dict[int, int], booked: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Month → (amount to be posted, its n)."""
    known = [_booked(month, amount, n) for month, (amount, n) in booked.items()]
    lines = [_line(month, amount) for month, amount in due.items()]
    found = differences(TENANT, lines, {one.id: one for one in known})
    return {one.key.period_start.month: (one.amount, one.n) for one in found}


@pytest.mark.parametrize(
    ("due", "booked", "found"),
    [
        ({1: 5}, {}, {1: (5, 0)}),
        ({1: 5}, {1: (5, 1)}, {}),
        ({1: 5}, {1: (3, 2)}, {1: (2, 2)}),
        ({1: 5}, {1: (8, 1)}, {1: (-3, 1)}),
        ({1: 0}, {1: (8, 1)}, {1: (-8, 1)}),
        ({1: 0}, {}, {}),
        ({1: 0}, {1: (0, 2)}, {}),
        # A key that is not due any more is given back.
        ({}, {1: (8, 3)}, {1: (-8, 3)}),
        ({}, {1: (0, 2)}, {}),
        ({1: 5, 3: 7}, {1: (5, 1), 2: (4, 1)}, {2: (-4, 1), 3: (7, 0)}),
        # A negative due is one as well.
        ({1: -5}, {1: (3, 1)}, {1: (-8, 1)}),
    ],
)
def test_a_key_absent_on_one_side_is_zero_there(
    due: dict[int, int], booked: dict[int, tuple[int, int]], found: dict[int, tuple[int, int]]
) -> None:
    """n is how many transfers the key already has."""
    assert _found(due, booked) == found


def test_what_is_posted_knows_both_sides() -> None:
    line, known, gone = _line(1, 5), _booked(1, 3, 1), _booked(2, 4, 1)
    changed, given_back = differences(TENANT, [line], {known.id: known, gone.id: gone})
    assert (changed.id, changed.line, changed.booked) == (known.id, line, known)
    assert (given_back.id, given_back.line, given_back.booked) == (gone.id, None, gone)


AMOUNTS = st.integers(-3, 3)
MONTH = st.integers(1, 4)


@given(st.dictionaries(MONTH, AMOUNTS), st.dictionaries(MONTH, st.tuples(AMOUNTS, st.integers(1, 5))))
def test_what_is_booked_and_what_is_posted_come_to_what_is_due(
    due: dict[int, int], booked: dict[int, tuple[int, int]]
) -> None:
    """For any state of the books, one booking makes them right; a second has nothing to do."""
    found = _found(due, booked)
    assert all(amount for amount, _ in found.values())
    after = {
        month: (booked.get(month, (0, 0))[0] + found.get(month, (0, 0))[0], booked.get(month, (0, 0))[1] + 1)
        for month in booked.keys() | found.keys()
    }
    assert {month: amount for month, (amount, _) in after.items() if amount} == {
        month: amount for month, amount in due.items() if amount
    }
    assert _found(due, after) == {}


def test_they_are_in_the_order_of_their_periods() -> None:
    """The order of posting does not depend on the order of evaluation."""
    lines = [_line(month, 5) for month in (3, 1, 4, 2)]
    assert [one.key.period_start.month for one in differences(TENANT, lines, {})] == [1, 2, 3, 4]
