"""Which terms hold at a moment: the fold of a subscription's amendments."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.terms import Terms, end_of, in_order, terms_at
from contracts.values import Amendment
from core.money import PICO
from core.period import FOREVER
from tests.support.agreements import amendment, named
from tests.support.world import instant

SIGNED = amendment(0, "2026-01-01", plan="A", seats="5")
#: At any instant: (plan, seats), None where nothing holds.
Held = tuple[str, int] | None


def _held(amendments: list[Amendment], at: str) -> Held:
    terms = terms_at(amendments, instant(at))
    if terms is None:
        return None
    plan = next(name for name in "ABC" if named(name) == terms.plan_version)
    return plan, terms.quantities["seats"] // PICO


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ([], {"2025-12-31T23:59:59.999999": None, "2026-01-01": ("A", 5), "2200-01-01": ("A", 5)}),
        (
            [amendment(1, "2026-02-01", plan="B"), amendment(2, "2026-03-01", seats="7")],
            {"2026-01-31T23:59:59.999999": ("A", 5), "2026-02-01": ("B", 5), "2026-03-01": ("B", 7)},
        ),
        # Of two at one instant the later recorded acts last.
        (
            [amendment(1, "2026-02-01", seats="7"), amendment(2, "2026-02-01", seats="6")],
            {"2026-01-31": ("A", 5), "2026-02-01": ("A", 6)},
        ),
        # A back-dated one acts before what was recorded earlier for a later day.
        (
            [amendment(1, "2026-03-01", seats="9"), amendment(2, "2026-02-01", plan="C", seats="7")],
            {"2026-01-15": ("A", 5), "2026-02-01": ("C", 7), "2026-03-01": ("C", 9)},
        ),
        # Back-dated to the start it replaces what was signed.
        ([amendment(1, "2026-01-01", seats="2")], {"2026-01-01": ("A", 2)}),
        # From its end on nothing holds, whatever is dated later.
        (
            [amendment(1, "2026-02-01", end=True)],
            {"2026-01-31T23:59:59.999999": ("A", 5), "2026-02-01": None, "2026-05-01": None},
        ),
        (
            [amendment(1, "2026-04-01", seats="9"), amendment(2, "2026-02-01", end=True)],
            {"2026-01-31": ("A", 5), "2026-04-01": None},
        ),
        (
            [amendment(1, "2026-02-01", end=True), amendment(2, "2026-01-15", end=True)],
            {"2026-01-14": ("A", 5), "2026-01-15": None},
        ),
        ([amendment(1, "2026-01-01", end=True)], {"2026-01-01": None}),
    ],
)
def test_what_holds_at_an_instant(changes: list[Amendment], held: dict[str, Held]) -> None:
    amendments = [SIGNED, *changes]
    assert {at: _held(amendments, at) for at in held} == held


def test_a_quantity_that_an_amendment_does_not_name_stays() -> None:
    amendments = [amendment(0, "2026-01-01", plan="A", seats="5", rooms="2"), amendment(1, "2026-02-01", rooms="0")]
    assert terms_at(amendments, instant("2026-02-01")) == Terms(named("A"), {"seats": 5 * PICO, "rooms": 0})


def test_somebody_has_to_name_the_plan_first() -> None:
    with pytest.raises(ValueError, match="the first amendment names the plan"):
        terms_at([amendment(0, "2026-01-01", seats="5")], instant("2026-01-01"))


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ([], None),
        ([amendment(1, "2026-03-01", end=True)], "2026-03-01"),
        ([amendment(1, "2026-03-01", end=True), amendment(2, "2026-02-01", end=True)], "2026-02-01"),
    ],
)
def test_the_end_is_the_earliest_that_anybody_recorded(changes: list[Amendment], end: str | None) -> None:
    assert end_of([SIGNED, *changes]) == (FOREVER if end is None else instant(end))


DAYS = st.integers(2, 28).map(lambda day: f"2026-01-{day:02}")
CHANGES = st.lists(
    st.tuples(DAYS, st.sampled_from("ABC"), st.integers(0, 9)), max_size=4, unique_by=lambda change: change[0]
)


@given(CHANGES, st.randoms(use_true_random=False), DAYS)
def test_of_different_days_the_order_of_recording_does_not_matter(
    changes: list[tuple[str, str, int]], random: Random, at: str
) -> None:
    """The same papers, recorded in any order, agree on the same terms at every instant."""
    made = [amendment(n, on, plan=plan, seats=str(seats)) for n, (on, plan, seats) in enumerate(changes, start=1)]
    shuffled = random.sample(changes, len(changes))
    again = [amendment(n, on, plan=plan, seats=str(seats)) for n, (on, plan, seats) in enumerate(shuffled, start=1)]
    assert _held([SIGNED, *made], at) == _held([SIGNED, *again], at)


def test_the_order_in_which_they_are_read_never_matters() -> None:
    """Not even of two at one instant: their numbers say which came last."""
    several = [SIGNED, amendment(1, "2026-02-01", seats="7"), amendment(2, "2026-02-01", seats="6")]
    for read in itertools.permutations(several):
        assert in_order(read) == several
