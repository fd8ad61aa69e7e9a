"""The same facts in any order, delay or duplication owe the same under every charge key (billing rules §3.2)."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.support import world
from tests.support.effort import sized
from tests.support.histories import (
    Amended,
    Billed,
    Claimed,
    Fact,
    Happening,
    Signed,
    TakenBack,
    Used,
    Voided,
    booked,
)
from tests.support.tenants import another_tenant
from tests.support.verifying import verify_books

#: One seed, one replayable run.
SEED = int(os.environ.get("CONFLUENCE_SEED", "20260105"))
EXAMPLES = int(os.environ.get("CONFLUENCE_EXAMPLES") or sized(9))
#: Making a failing history as short as it can be takes minutes: CONFLUENCE_SHRINK=1 asks for it.
PHASES = tuple(Phase) if os.environ.get("CONFLUENCE_SHRINK") else (Phase.generate,)
LAST = date(2026, 4, 1)


def _meter(key: str, aggregation: str, property: str = "", **fields: Any) -> dict[str, Any]:
    return {"key": key, "event_type": "used", "aggregation": aggregation, "property": property, **fields}


def _tier(up_to: str | None, unit_amount: str, flat_amount: str = "0") -> dict[str, Any]:
    return {"up_to": up_to, "unit_amount": unit_amount, "flat_amount": flat_amount}


_METERS = [
    _meter("tokens", "sum", "tokens"),
    _meter("by_model", "sum", "tokens", group_by=["model"]),
    {"key": "calls", "event_type": "used", "aggregation": "count"},
    _meter("storage", "max", "storage"),
    _meter("users", "unique_count", "user"),
]
_TIERS = [_tier("500", "0.0000007"), _tier("2000", "0.00000031", "0.01"), _tier(None, "0.00000013")]
_COMMITTED = {"included": "9", "amount": "7", "overage_unit_amount": "0.3"}
_PAYG: list[dict[str, Any]] = [
    {"key": "tokens", "meter": "tokens", "model": "graduated", "tiers": _TIERS},
    {"key": "by_model", "meter": "by_model", "model": "volume", "tiers": [_tier("700", "0.03"), _tier(None, "0.017")]},
    {"key": "calls", "meter": "calls", "model": "package", "package_size": "3", "amount_per_package": "0.40"},
    {
        "key": "storage",
        "meter": "storage",
        "model": "committed",
        "included": "9",
        "amount": "7",
        "overage_unit_amount": "0.3",
    },
    {"key": "users", "meter": "users", "model": "per_unit", "unit_amount": "1.00000000000049"},
    {"key": "seats", "model": "per_unit", "unit_amount": "12.34", "quantity": "seats"},
    {"key": "platform", "model": "flat", "amount": "49.99"},
]
_PRO: list[dict[str, Any]] = [
    {"key": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.00000011"},
    {"key": "calls", "meter": "calls", "model": "graduated", "tiers": [_tier("2", "0"), _tier(None, "0.13", "1")]},
    {"key": "seats", "model": "per_unit", "unit_amount": "10.01", "quantity": "seats", "timing": "arrears"},
    {"key": "platform", "model": "flat", "amount": "99", "timing": "arrears", "proration": "second"},
    {"key": "once", "model": "flat", "amount": "5", "proration": "none"},
]
#: So large that no correction makes a document negative: in the end everything is on one.
_RETAINER = [{"key": "retainer", "model": "flat", "amount": "100000"}]
_BOOK: dict[str, Any] = {
    "customers": [
        world.customer("c-01"),
        world.customer("c-02", parent="c-01", bill_to="c-01", time_zone="Asia/Kolkata"),
        world.customer("c-03", time_zone="Europe/Lisbon"),
    ],
    "meters": _METERS,
    "products": [{"key": "product", "name": "Product"}],
    "plans": [world.plan("payg", _PAYG), world.plan("pro", _PRO), world.plan("retainer", _RETAINER)],
    "subscriptions": [
        {"key": f"r-{customer}", "customer": customer, "plan": "retainer", "start": world.day("2026-01-01")}
        for customer in ("c-01", "c-03")
    ],
}
_SIGNED = (
    Signed("s-01", "c-01", "payg", date(2026, 1, 1), date(2026, 1, 1)),
    Signed("s-02", "c-02", "payg", date(2026, 1, 15), date(2026, 1, 31)),
    Signed("s-03", "c-03", "pro", date(2026, 1, 1), date(2026, 1, 1)),
)
_SUBJECTS = ("c-01", "c-02", "c-03", "nobody's yet")

days = st.integers(0, 75).map(lambda number: date(2026, 1, 1) + timedelta(number))
quantities = st.one_of(
    st.integers(0, 2500).map(str),
    st.builds("{}.{:012}".format, st.integers(0, 900), st.integers(0, 10**12 - 1)),
)
used = st.builds(
    lambda day, hour, subject, data: Used("", f"{day}T{hour:02}:59:59.999999Z", subject, data),
    days,
    st.integers(0, 23),
    st.sampled_from(_SUBJECTS),
    st.fixed_dictionaries(
        {"tokens": quantities, "storage": quantities, "user": st.sampled_from(["ann", "bob", "cy"])},
        optional={"model": st.sampled_from(["", "large", "small"])},
    ),
)
amended = st.builds(
    lambda subscription, after, change: Amended("", subscription.key, subscription.start + timedelta(after), **change),
    st.sampled_from(_SIGNED),
    st.integers(0, 60),
    st.one_of(
        st.sampled_from([{"plan": "payg"}, {"plan": "pro"}]),
        st.integers(0, 9).map(lambda seats: {"seats": f"{seats}.5"}),
    ),
)
interruptions = st.one_of(
    st.builds(Billed, days, st.sampled_from([None, None, "c-02", "c-03"]), st.sampled_from([False, False, True])),
    st.builds(TakenBack, st.integers(0, 9)),
)


class History(msgspec.Struct, frozen=True):
    """The facts in the order in which they were recorded, each with its day, and the same events otherwise."""

    natural: tuple[tuple[date, Fact], ...]
    otherwise: tuple[Happening, ...]


@st.composite
def histories(draw: st.DrawFn) -> History:
    facts = _recorded(draw)
    told: list[Happening] = draw(st.permutations([fact for _, fact in facts]))
    told += draw(st.lists(st.sampled_from([fact for _, fact in facts]), max_size=6))
    for happening in draw(st.lists(interruptions, max_size=6)):
        told.insert(draw(st.integers(0, len(told))), happening)
    return History(tuple(facts), tuple(_allowed(told, [fact for _, fact in facts])))


def _recorded(draw: st.DrawFn) -> list[tuple[date, Fact]]:
    """Facts with the days on which they were recorded: changes up to 40 days after, or 20 before, they count."""
    sent, wanted = draw(st.lists(used, min_size=3, max_size=25)), draw(st.lists(amended, max_size=7))
    events = [msgspec.structs.replace(one, id=f"e-{i}") for i, one in enumerate(sent)]
    voids = [Voided(one.id) for one in events if draw(st.integers(0, 4)) == 0]
    changes = [msgspec.structs.replace(one, key=f"a-{i}") for i, one in enumerate(wanted)]
    changes += _end(draw, changes)
    found: list[tuple[date, Fact]] = [(one.start, one) for one in _SIGNED]
    found += [(date.fromisoformat(one.time[:10]), one) for one in events]
    found += [(draw(days), one) for one in voids]
    found += [(max(_start(one), one.effective + timedelta(draw(st.integers(-20, 40)))), one) for one in changes]
    if draw(st.booleans()):
        found.append((draw(days), Claimed("nobody's yet", draw(st.sampled_from(["c-01", "c-02"])), draw(days))))
    return sorted(found, key=lambda pair: pair[0])


def _end(draw: st.DrawFn, changes: Sequence[Amended]) -> list[Amended]:
    """Perhaps an end of one subscription, on a day after all of its other changes: none of them is refused."""
    if not draw(st.booleans()):
        return []
    ended = draw(st.sampled_from(_SIGNED))
    last = max([ended.start, *(one.effective for one in changes if one.subscription == ended.key)])
    return [Amended("a-end", ended.key, last + timedelta(draw(st.integers(1, 30))), end=True)]


def _start(change: Amended) -> date:
    return next(one.start for one in _SIGNED if one.key == change.subscription)


def _allowed(told: Iterable[Happening], recorded: Sequence[Fact]) -> list[Happening]:
    """The same, but a subscription is signed before it is amended.

    Of amendments that count from one day the later recorded wins: among themselves they keep their order.
    """
    ranks = {fact.key: rank for rank, fact in enumerate(recorded) if isinstance(fact, Amended)}
    queues: dict[tuple[str, date], list[Amended]] = defaultdict(list)
    for fact in sorted((one for one in told if isinstance(one, Amended)), key=lambda one: ranks[one.key]):
        queues[fact.subscription, fact.effective].append(fact)
    allowed: list[Happening] = []
    for one in told:
        if not isinstance(one, Amended):
            allowed.append(one)
            continue
        signature = next(sign for sign in _SIGNED if sign.key == one.subscription)
        if signature not in allowed:
            allowed.append(signature)
        allowed.append(queues[one.subscription, one.effective].pop(0))
    return allowed


def tell_in_time(facts: Iterable[tuple[date, Fact]]) -> None:
    """Each fact on its day, and a run on the first of each month."""
    firsts = [date(2026, month, 1) for month in (2, 3)]
    runs = [(first, Billed(first)) for first in firsts]
    for _, happening in sorted([*runs, *facts], key=lambda pair: pair[0]):
        happening.tell()


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.timeout(900)
@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    phases=PHASES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(histories())
def test_any_order_owes_the_same(history: History) -> None:
    with another_tenant():
        world.apply(_BOOK)
        tell_in_time(history.natural)
        Billed(LAST).tell()
        natural, balances = booked(), _balances()
        verify_books()
    with another_tenant():
        world.apply(_BOOK)
        for happening in history.otherwise:
            happening.tell()
        Billed(LAST).tell()
        assert booked() == natural
        assert _balances() == balances
        verify_books()


def _balances() -> dict[int, str]:
    """By account code. Everything was invoiced, so that even the rounded receivable must be the same."""
    found = {code: world.balance(code) for code in (1100, 1200, 2000, 4000, 5200)}
    assert found[1200] == "0"
    return found
