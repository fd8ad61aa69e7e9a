"""Unclaimed entries gathered into lines: one charge key, one line (billing rules §6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.invoicing.draft import Entry, History
from billing.rating.lines import Rated, difference
from core.money import Rounding, format_pico, parse_pico, round_to_minor
from tests.billing.invoicing.drafting import FEBRUARY, FEE, JANUARY, MARCH, TOKENS, draft, entry, facts, lines, rated
from tests.support.agreements import named, price
from tests.support.rating import rows
from tests.support.world import instant

EVEN, UP = Rounding.HALF_EVEN, Rounding.HALF_UP


@pytest.mark.parametrize(
    ("amount", "digits", "rounding", "shown"),
    [
        ("2.345", 2, EVEN, "2.34"),
        ("2.355", 2, EVEN, "2.36"),
        ("2.345000000001", 2, EVEN, "2.35"),
        ("2.345", 2, UP, "2.35"),
        ("-2.345", 2, EVEN, "-2.34"),
        ("-2.345", 2, UP, "-2.35"),
        ("0.004", 2, EVEN, "0"),
        ("1.5", 0, EVEN, "2"),
        ("2.5", 0, EVEN, "2"),
        ("2.5", 0, UP, "3"),
        ("0.0005", 3, UP, "0.001"),
        ("0.0005", 3, EVEN, "0"),
    ],
)
def test_a_line_is_rounded_once_to_the_minor_unit(amount: str, digits: int, rounding: Rounding, shown: str) -> None:
    """Half-up means away from zero."""
    (line,) = lines(entry(amount), digits=digits, rounding=rounding)
    assert (format_pico(line.amount), format_pico(line.exact)) == (shown, amount)


@pytest.mark.parametrize(
    ("amount", "claimed", "shown_before", "shown"),
    [
        ("0.004", "0.004", "0", "0.01"),
        ("0.004", "0.036", "0.04", "0"),
        ("-0.5", "10.004", "10", "-0.5"),
        ("-10", "10", "10", "-10"),
        # What a voided document claimed was taken back and shown by nobody.
        ("10", "0", "0", "10"),
    ],
)
def test_it_shows_what_rounding_the_key_so_far_adds(amount: str, claimed: str, shown_before: str, shown: str) -> None:
    history = History(claimed=parse_pico(claimed), shown=parse_pico(shown_before))
    (line,) = lines(entry(amount, n=1), histories={"k": history})
    assert format_pico(line.amount) == shown


def _shown_in_turn(amounts: Sequence[int], rounding: Rounding) -> list[int]:
    """What each of several documents shows of one key."""
    history, shown = History(), []
    for n, amount in enumerate(amounts):
        (line,) = lines(entry(format_pico(amount), n=n), histories={"k": history}, rounding=rounding)
        shown.append(line.amount)
        history = History(claimed=history.claimed + amount, shown=history.shown + line.amount)
    return shown


def test_ten_documents_of_0_004_show_0_04() -> None:
    shown = _shown_in_turn([parse_pico("0.004")] * 10, EVEN)
    assert [format_pico(one, places=2) for one in shown] == [
        *("0.00", "0.01", "0.00", "0.01", "0.00", "0.00", "0.01", "0.00", "0.01", "0.00")
    ]
    assert sum(shown) == parse_pico("0.04")


@given(st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=8), st.sampled_from(Rounding))
def test_a_key_always_totals_its_rounded_exact_amount(amounts: list[int], rounding: Rounding) -> None:
    """However it was split over documents."""
    assert sum(_shown_in_turn(amounts, rounding)) == round_to_minor(sum(amounts), digits=2, rounding=rounding)


@given(st.permutations(range(4)))
def test_several_charges_of_a_key_are_one_line_whatever_their_order(order: list[int]) -> None:
    """Its arithmetic is what all of them moved: rows of one tier are one row."""
    (line,) = lines(*(entry(f"0.00{n + 1}", n=n) for n in order))
    assert (format_pico(line.exact), format_pico(line.amount)) == ("0.01", "0.01")
    assert line.charge_ids == tuple(named(f"k {n}") for n in range(4))
    assert rows(line.rated) == ["..  0.01 x 1 + 0 = 0.01"]


def test_a_charge_and_its_reversal_leave_no_arithmetic() -> None:
    back = entry("-5", n=1, moved=difference(rated("0"), rated("5")))
    (line,) = lines(entry("5"), back)
    assert (line.amount, rows(line.rated)) == (0, [])


def test_the_line_names_the_last_document_that_shows_the_key() -> None:
    (line,) = lines(entry("5", n=1), histories={"k": History(number="INV-1")})
    (first,) = lines(entry("5"))
    assert (line.corrects, first.corrects) == ("INV-1", None)


def test_one_late_charge_makes_the_line_late_and_the_last_to_fall_due_counts() -> None:
    early, late = entry("1"), entry("1", n=1, late=True, due_from=MARCH)
    (line,) = lines(late, early)
    assert (line.late, line.due_from) == (True, MARCH)


@pytest.mark.parametrize(
    ("before", "now", "service"),
    [
        (None, MARCH, (JANUARY, MARCH)),
        (FEBRUARY, FEBRUARY, (JANUARY, FEBRUARY)),
        (MARCH, FEBRUARY, (FEBRUARY, MARCH)),
        (FEBRUARY, MARCH, (FEBRUARY, MARCH)),
    ],
)
def test_a_fee_cut_short_or_made_longer_is_about_the_time_between_its_two_ends(
    before: datetime | None, now: datetime, service: tuple[datetime, datetime]
) -> None:
    one = entry("10", n=1, service_end=now)
    (line,) = lines(one, named_as={"k": facts(FEE)}, histories={"k": History(number="INV-1", service_end=before)})
    assert (line.service_start, line.service_end) == service


def test_a_fee_that_is_not_owed_at_all_any_more_is_about_the_whole_of_its_time() -> None:
    nothing = Rated(quantity=0, amount=Fraction(0), breakdown=())
    one = entry("-10", n=1, service_end=FEBRUARY, rated=nothing)
    (line,) = lines(one, named_as={"k": facts(FEE)}, histories={"k": History(number="INV-1", service_end=MARCH)})
    assert (line.service_start, line.service_end) == (JANUARY, FEBRUARY)


@pytest.mark.parametrize(
    ("usage", "late", "number", "service"),
    [
        # Taken away or added where the end moved.
        ("10", False, "INV-1", (FEBRUARY, MARCH)),
        # Nothing is left in what stayed: it is still owed under the key.
        ("0", False, "INV-1", (FEBRUARY, MARCH)),
        # What came late lies anywhere.
        ("10", True, "INV-1", (JANUARY, FEBRUARY)),
        # The earlier document was voided: all of it is shown again.
        ("10", False, None, (JANUARY, FEBRUARY)),
    ],
)
def test_usage_is_about_the_time_between_two_ends_unless_some_came_late(
    usage: str, late: bool, number: str | None, service: tuple[datetime, datetime]
) -> None:
    one = entry("10", n=1, service_end=FEBRUARY, late=late, rated=rated(usage))
    (line,) = lines(one, histories={"k": History(number=number, service_end=MARCH)})
    assert (line.service_start, line.service_end) == service


def test_lines_stand_in_the_order_in_which_they_fell_due() -> None:
    """§5.1: due-from, segment, customer, subscription, price, dimensions: what is due later never sorts earlier."""
    second = price("calls", "per_unit", metered=True, unit_amount="1", position=1)
    ordered = {
        "due first": (facts(), JANUARY),
        "early segment": (facts(segment_start=JANUARY), FEBRUARY),
        "customer a": (facts(segment_start=FEBRUARY, customer="a", subscription="z"), FEBRUARY),
        "subscription a": (facts(segment_start=FEBRUARY, customer="b", subscription="a"), FEBRUARY),
        "first price": (facts(segment_start=FEBRUARY, customer="b", subscription="b"), FEBRUARY),
        "second price": (facts(second, segment_start=FEBRUARY, customer="b", subscription="b"), FEBRUARY),
        "absent": (facts(second, segment_start=MARCH, dimensions=(("model", None),)), FEBRUARY),
        "empty": (facts(second, segment_start=MARCH, dimensions=(("model", ""),)), FEBRUARY),
        "named": (facts(second, segment_start=MARCH, dimensions=(("model", "a"),)), FEBRUARY),
    }
    entries = [entry("1", key=word, due_from=due_from) for word, (_, due_from) in reversed(ordered.items())]
    found = lines(*entries, named_as={word: known for word, (known, _) in ordered.items()})
    assert [line.key_id for line in found] == [named(word) for word in ordered]


@pytest.mark.parametrize(
    ("amounts", "carried"),
    [
        (["10"], False),
        (["0.004"], True),
        (["0.004", "-0.004"], True),
        (["-10"], True),
        (["10", "-10.01"], True),
        (["10", "-10"], False),
        (["0.004", "0.01"], False),
        (["-0.01"], True),
    ],
)
def test_a_draft_of_nothing_or_less_is_carried_forward(amounts: list[str], carried: bool) -> None:
    """All lines round to zero, or the total is negative; lines that cancel each other are shown."""
    made = draft(lines(*(entry(amount, key=f"k{n}") for n, amount in enumerate(amounts))))
    assert made.is_carried_forward is carried
    assert made.exact == sum(map(parse_pico, amounts))


def test_a_price_that_starts_later_is_shown_under_its_own_name() -> None:
    """Facts are by key: two keys of two prices never share a line."""
    one: Entry = entry("1", key="a", service_start=instant("2026-01-15"))
    first, second = lines(one, entry("1", key="b"), named_as={"a": facts(TOKENS), "b": facts(FEE)})
    assert {first.facts.price.key, second.facts.price.key} == {"tokens", "fee"}
