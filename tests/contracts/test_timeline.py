"""Each price's time within a period, cut only where its own terms change (billing rules §2.1)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.terms import end_of, terms_at
from contracts.timeline import PriceRun, timeline
from contracts.values import Amendment
from core.money import PICO
from core.period import Period
from tests.support.agreements import amendment, named, price
from tests.support.world import instant

TIERS = [{"up_to": "10", "unit_amount": "2"}, {"up_to": None, "unit_amount": "1"}]
TOKENS = price("tokens", "graduated", metered=True, tiers=TIERS)
SEATS = price("seats", "per_unit", quantity="seats", unit_amount="12")
FEE = price("fee", "flat", amount="310")
OTHER_FEE = price("other", "flat", amount="620")
#: The prices of each plan: B shares the tokens with A, C has nothing in common with them.
PRICES = {named("A"): (TOKENS, SEATS, FEE), named("B"): (TOKENS, SEATS), named("C"): (OTHER_FEE,)}
MARCH = Period(instant("2026-03-01"), instant("2026-04-01"))
SIGNED = amendment(0, "2026-01-01", plan="A", seats="5")


def _shown(runs: list[PriceRun]) -> dict[str, list[str]]:
    """By price: each run as `day-day` of its segments, seats in brackets, days of March."""
    shown: dict[str, list[str]] = {}
    for run in runs:
        shown.setdefault(run.price.key, []).append(
            " ".join(_segment(*_days(one.period), one.quantity) for one in run.segments)
        )
    return shown


def _days(period: Period) -> tuple[int, int]:
    return (period.start - MARCH.start).days + 1, (period.end - MARCH.start).days + 1


def _segment(start: int, end: int, quantity: int | None) -> str:
    return f"{start}-{end}" + ("" if quantity is None else f"[{quantity // PICO}]")


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ([], {"tokens": ["1-32"], "seats": ["1-32[5]"], "fee": ["1-32"]}),
        # A change of seats cuts the seats and nothing else.
        (
            [amendment(1, "2026-03-15", seats="8")],
            {"tokens": ["1-32"], "seats": ["1-15[5] 15-32[8]"], "fee": ["1-32"]},
        ),
        # Equal neighbors are merged, empty ones dropped.
        ([amendment(1, "2026-03-15", seats="5")], {"tokens": ["1-32"], "seats": ["1-32[5]"], "fee": ["1-32"]}),
        (
            [amendment(1, "2026-03-15", seats="8"), amendment(2, "2026-03-15", seats="5")],
            {"tokens": ["1-32"], "seats": ["1-32[5]"], "fee": ["1-32"]},
        ),
        (
            [amendment(1, "2026-03-10", seats="8"), amendment(2, "2026-03-15", seats="8")],
            {"tokens": ["1-32"], "seats": ["1-10[5] 10-32[8]"], "fee": ["1-32"]},
        ),
        # What both plans have goes on; what the new one lacks ends.
        (
            [amendment(1, "2026-03-15", plan="B")],
            {"tokens": ["1-32"], "seats": ["1-32[5]"], "fee": ["1-15"]},
        ),
        # Another plan's prices replace all; back again is another run: tiers begin anew.
        (
            [amendment(1, "2026-03-11", plan="C"), amendment(2, "2026-03-21", plan="A")],
            {
                "tokens": ["1-11", "21-32"],
                "seats": ["1-11[5]", "21-32[5]"],
                "fee": ["1-11", "21-32"],
                "other": ["11-21"],
            },
        ),
        # There and back within an instant is no replacement.
        (
            [amendment(1, "2026-03-11", plan="C"), amendment(2, "2026-03-11", plan="A")],
            {"tokens": ["1-32"], "seats": ["1-32[5]"], "fee": ["1-32"]},
        ),
        # It ends with the subscription, and nothing of it begins after.
        (
            [amendment(1, "2026-03-11", end=True), amendment(2, "2026-03-21", seats="8")],
            {"tokens": ["1-11"], "seats": ["1-11[5]"], "fee": ["1-11"]},
        ),
        ([amendment(1, "2026-03-01", end=True)], {}),
        ([amendment(1, "2026-02-01", end=True)], {}),
        # What changed before counts from the start, what changes at the end not at all.
        (
            [amendment(1, "2026-02-15", seats="7"), amendment(2, "2026-04-01", seats="9")],
            {"tokens": ["1-32"], "seats": ["1-32[7]"], "fee": ["1-32"]},
        ),
    ],
)
def test_a_price_is_cut_by_changes_of_its_own_terms_only(changes: list[Amendment], shown: dict[str, list[str]]) -> None:
    assert _shown(timeline([SIGNED, *changes], MARCH, PRICES)) == shown


def test_before_the_start_there_is_nothing() -> None:
    signed = amendment(0, "2026-03-11", plan="C")
    assert _shown(timeline([signed], MARCH, PRICES)) == {"other": ["11-32"]}


DAYS = st.integers(0, 40).map(lambda n: (MARCH.start + timedelta(days=n - 5)).date().isoformat())
CHANGE = st.tuples(DAYS, st.sampled_from(["A", "B", "C", None]), st.sampled_from(["5", "8", None]))
CHANGES = st.lists(CHANGE, max_size=6)


def _amended(changes: list[tuple[str, str | None, str | None]]) -> list[Amendment]:
    said: list[dict[str, Any]] = [{"plan": plan} | ({"seats": seats} if seats else {}) for _, plan, seats in changes]
    made = [amendment(n + 1, change[0], **said[n]) for n, change in enumerate(changes)]
    return [SIGNED, *made]


@given(CHANGES)
def test_at_each_instant_the_runs_are_the_prices_in_force(changes: list[tuple[str, str | None, str | None]]) -> None:
    """Looked at day by day: no price is missing, none is there twice, and each segment says what held."""
    amendments = _amended(changes)
    runs = timeline(amendments, MARCH, PRICES)
    for day in range(31):
        at = MARCH.start + timedelta(days=day)
        terms = terms_at(amendments, at)
        assert terms is not None
        found = [(run.price, one.quantity) for run in runs for one in run.segments if at in one.period]
        wanted = [(one, terms.quantities["seats"] if one is SEATS else None) for one in PRICES[terms.plan_version]]
        assert sorted(found, key=str) == sorted(wanted, key=str)


@given(CHANGES, st.none() | DAYS)
def test_segments_tile_their_run_and_runs_of_a_price_never_touch(
    changes: list[tuple[str, str | None, str | None]], end: str | None
) -> None:
    amendments = _amended(changes) + ([amendment(99, end, end=True)] if end else [])
    life = Period(MARCH.start, min(MARCH.end, end_of(amendments)))
    runs = timeline(amendments, MARCH, PRICES)
    for run in runs:
        assert all(one.end == other.start and one.quantity != other.quantity for one, other in pairwise(run.segments))
        assert all(one.start < one.end for one in run.segments)
        assert run.period.intersection(life) == run.period
    for key in {run.price.key for run in runs}:
        own = sorted(run.period for run in runs if run.price.key == key)
        assert all(one.end < other.start for one, other in pairwise(own))


@given(CHANGES, st.lists(DAYS, max_size=3))
def test_saying_what_holds_already_changes_nothing(
    changes: list[tuple[str, str | None, str | None]], days: list[str]
) -> None:
    """An amendment that repeats the terms in force cuts nothing: merging is idempotent."""
    amendments = _amended(changes)
    before = timeline(amendments, MARCH, PRICES)
    for n, day in enumerate(days, start=100):
        terms = terms_at(amendments, instant(day))
        assert terms is not None
        plan = next(name for name in "ABC" if named(name) == terms.plan_version)
        amendments.append(amendment(n, day, plan=plan, seats=str(terms.quantities["seats"] // PICO)))
    assert timeline(amendments, MARCH, PRICES) == before


@given(st.lists(CHANGE, max_size=6, unique_by=lambda change: change[0]), st.randoms(use_true_random=False))
def test_the_order_of_recording_matters_only_at_one_instant(
    changes: list[tuple[str, str | None, str | None]], random: Random
) -> None:
    shuffled = random.sample(changes, len(changes))
    runs = timeline(_amended(changes), MARCH, PRICES)
    assert sorted(timeline(_amended(shuffled), MARCH, PRICES), key=_place) == sorted(runs, key=_place)


def _place(run: PriceRun) -> tuple[str, Period]:
    return run.price.key, run.period


@given(CHANGES, st.integers(1, 30))
def test_two_halves_of_a_period_are_cut_like_the_whole(
    changes: list[tuple[str, str | None, str | None]], day: int
) -> None:
    """The cut of a period itself is the only thing that it adds."""
    amendments, middle = _amended(changes), MARCH.start + timedelta(days=day)
    halves = [Period(MARCH.start, middle), Period(middle, MARCH.end)]
    parts = {
        (run.price.key, one.period, one.quantity)
        for half in halves
        for run in timeline(amendments, half, PRICES)
        for one in run.segments
    }
    whole = {
        (run.price.key, part, one.quantity)
        for run in timeline(amendments, MARCH, PRICES)
        for one in run.segments
        for part in (one.period.intersection(half) for half in halves)
        if part
    }
    assert parts == whole
