"""What is owed: terms x usage x prices, each amount under its charge key (billing rules §2)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.due import SubjectSpan
from billing.keys import Kind
from contracts.values import PriceFacts
from core.money import PICO, format_pico, parse_pico, to_pico
from core.period import Period
from metering.values import UsageValue
from tests.billing.owing import SIGNED, Used, amounts, owed, shown
from tests.support.agreements import amendment, price, subscription
from tests.support.world import instant

TIERS = [{"up_to": "1000", "unit_amount": "0.002"}, {"up_to": None, "unit_amount": "0.0015"}]
SEAT_TIERS = [{"up_to": "3", "unit_amount": "10"}, {"up_to": None, "unit_amount": "8"}]
MARCH, APRIL, MAY = (instant(f"2026-{month:02}-01") for month in (3, 4, 5))

A = price("fee", "flat", plan="plan", in_advance=True, amount="310")
B = price("fee", "flat", plan="B", in_advance=True, amount="620")
TOKENS_A = price("tokens", "graduated", plan="plan", metered=True, tiers=TIERS)
TOKENS_B = price("tokens", "graduated", plan="B", metered=True, tiers=TIERS)
MOVED = subscription(SIGNED, amendment(1, "2026-03-11", plan="B"))


@pytest.mark.parametrize(
    ("model", "figures", "used", "amount"),
    [
        ("per_unit", {"unit_amount": "0.002"}, "1500", "3"),
        ("per_unit", {"unit_amount": "0.002"}, "0", "0"),
        ("per_unit", {"unit_amount": "0.000000000000001"}, "1500", "0.000000000002"),
        ("graduated", {"tiers": TIERS}, "1500", "2.75"),
        ("volume", {"tiers": TIERS}, "1500", "2.25"),
        ("package", {"package_size": "1000", "amount_per_package": "0.40", "free_units": "400"}, "1500", "0.8"),
        ("package", {"package_size": "1000", "amount_per_package": "0.40", "free_units": "500"}, "1500", "0.4"),
        ("committed", {"included": "100", "amount": "250", "overage_unit_amount": "3.10"}, "112.5", "288.75"),
        ("committed", {"included": "100", "amount": "250", "overage_unit_amount": "3.10"}, "0", "250"),
        ("flat", {"amount": "49"}, None, "49"),
    ],
)
def test_usage_of_a_whole_period_is_due_at_its_end(
    model: str, figures: dict[str, Any], used: str | None, amount: str
) -> None:
    one = price("x", model, metered=used is not None, **figures)
    assert shown(owed(one, used={"x": used} if used else {})) == [f"x 03-01..04-01 {amount}, due 04-01"]


@pytest.mark.parametrize(
    ("model", "figures", "amount"),
    [
        ("per_unit", {"unit_amount": "2"}, "0"),
        ("committed", {"included": "1", "amount": "250", "overage_unit_amount": "1"}, "250"),
    ],
)
def test_without_usage_a_price_owes_what_it_owes_for_nothing(model: str, figures: dict[str, Any], amount: str) -> None:
    """A line of zero is due as well: the books must be able to go back to it."""
    lines = owed(price("x", model, metered=True, **figures))
    assert (amounts(lines), lines[0].usage, lines[0].key.kind) == ([amount], UsageValue(quantity=0), Kind.USAGE)


FEES: list[tuple[str, dict[str, Any], str]] = [
    ("flat", {"amount": "310"}, "310"),
    ("per_unit", {"unit_amount": "12", "quantity": "seats"}, "60"),
    ("graduated", {"tiers": SEAT_TIERS, "quantity": "seats"}, "46"),
    ("volume", {"tiers": SEAT_TIERS, "quantity": "seats"}, "40"),
    ("package", {"package_size": "2", "amount_per_package": "7", "quantity": "seats"}, "21"),
    ("committed", {"included": "3", "amount": "20", "overage_unit_amount": "5", "quantity": "seats"}, "30"),
]
#: Of a period that begins on 11 March: 21 of 31 days.
SHARES = {"day": Fraction(21, 31), "second": Fraction(21, 31), "none": Fraction(1)}


@pytest.mark.parametrize(("model", "figures", "whole"), FEES)
@pytest.mark.parametrize("proration", SHARES)
@pytest.mark.parametrize("in_advance", [True, False])
def test_a_fee_is_due_at_the_start_or_the_end_whole_or_for_the_first_partial_period(
    model: str, figures: dict[str, Any], whole: str, proration: str, in_advance: bool
) -> None:
    """§2.5, §2.6: anchored on the 1st and begun on the 11th, then a whole period."""
    agreed = subscription(amendment(0, "2026-03-11", plan="plan", seats="5"), anchor="2026-03-01")
    one = price("x", model, in_advance=in_advance, proration=proration, **figures)
    first, second = owed(one, agreed=agreed, through="2026-05-01" if not in_advance else "2026-04-01")
    assert (first.amount, first.share) == (to_pico(Fraction(whole) * SHARES[proration]), SHARES[proration])
    assert (first.due_from, first.service) == (
        instant("2026-03-11") if in_advance else APRIL,
        Period(instant("2026-03-11"), APRIL),
    )
    assert (amounts([second]), second.due_from) == ([whole], APRIL if in_advance else MAY)


def test_the_first_partial_period_counts_days_in_the_customers_zone() -> None:
    """Signed from 11 March in Kolkata, where March begins at 18:30 UTC of 28 February."""
    agreed = subscription(amendment(0, "2026-03-10T18:30:00", plan="plan"), anchor="2026-03-01")
    (line,) = owed(
        price("fee", "flat", in_advance=True, amount="310"), agreed=agreed, zone="Asia/Kolkata", through="2026-03-31"
    )
    assert (line.amount, line.key.period_start) == (210 * PICO, instant("2026-03-10T18:30:00"))


def test_a_committed_price_scales_what_it_costs_and_what_it_includes_and_never_the_usage() -> None:
    """§2.3: 21/31 of 250 for 21/31 of 100 units, and the rest at the full price."""
    agreed = subscription(amendment(0, "2026-03-11", plan="plan"), anchor="2026-03-01")
    hours = price("x", "committed", metered=True, included="100", amount="250", overage_unit_amount="3.10")
    (line,) = owed(hours, agreed=agreed, used={"x": "112.5"})
    included = Fraction(round(100 * PICO * Fraction(21, 31)), PICO)
    exact = 250 * Fraction(21, 31) + (Fraction("112.5") - included) * Fraction("3.1")
    assert line.amount == to_pico(exact) == parse_pico("308.104838709677")
    assert line.share == Fraction(21, 31)


@pytest.mark.parametrize(
    ("model", "figures", "amount"),
    [
        ("graduated", {"tiers": TIERS}, "2.75"),
        ("package", {"package_size": "1000", "amount_per_package": "0.40", "free_units": "400"}, "0.8"),
    ],
)
def test_tiers_and_free_units_are_not_prorated(model: str, figures: dict[str, Any], amount: str) -> None:
    """§2.3: a single day of March gets them whole."""
    agreed = subscription(amendment(0, "2026-03-31", plan="plan"), anchor="2026-03-01")
    (line,) = owed(price("x", model, metered=True, **figures), agreed=agreed, used={"x": "1500"})
    assert (amounts([line]), line.share) == ([amount], 1)


SEATS = price("seats", "per_unit", quantity="seats", unit_amount="12", in_advance=True)


def test_a_change_of_seats_is_two_parts_that_add_up_to_the_pico() -> None:
    """§2.1, §2.4: 14 days of 5 and 17 days of 8; each cumulative amount is set to a pico."""
    agreed = subscription(SIGNED, amendment(1, "2026-03-15", seats="8"))
    lines = owed(SEATS, agreed=agreed, through="2026-03-01")
    assert shown(lines) == [
        "seats 03-01..03-15 27.096774193548, due 03-01",
        "seats 03-15..04-01 52.645161290323, due 03-01",
    ]
    assert sum(line.amount for line in lines) == to_pico(Fraction(60 * 14 + 96 * 17, 31))


@given(st.dictionaries(st.integers(2, 31), st.integers(0, 10**6), max_size=6), st.integers(0, 10**9))
def test_however_often_seats_change_the_parts_add_up_to_what_they_owe_exactly(
    changes: dict[int, int], cents: int
) -> None:
    unit_amount = Fraction(cents, 100)
    one = price("seats", "per_unit", quantity="seats", unit_amount=f"{cents // 100}.{cents % 100:02}", in_advance=True)
    made = [
        amendment(n, f"2026-03-{day:02}", seats=str(seats)) for n, (day, seats) in enumerate(changes.items(), start=1)
    ]
    lines = owed(one, agreed=subscription(SIGNED, *made), through="2026-03-01")
    held = [changes[max(known)] if (known := [day for day in changes if day <= today]) else 5 for today in range(1, 32)]
    assert sum(line.amount for line in lines) == to_pico(sum(held) * unit_amount / 31)
    assert [line.key.segment_start for line in lines] == [line.service.start for line in lines]


def test_up_and_down_on_one_day_owes_nothing() -> None:
    """Ten times there and back within an instant is no change (fault B6)."""
    made = [amendment(n, "2026-03-15", seats="5" if n % 2 == 0 else "9") for n in range(1, 21)]
    agreed = subscription(SIGNED, *made)
    assert shown(owed(SEATS, agreed=agreed, through="2026-03-01")) == ["seats 03-01..04-01 60, due 03-01"]


def test_a_plan_change_owes_each_plan_its_days() -> None:
    assert shown(owed(A, B, agreed=MOVED, through="2026-03-01")) == [
        "fee 03-01..03-11 100, due 03-01",
        "fee 03-11..04-01 420, due 03-01",
    ]


def test_where_a_price_is_replaced_its_tiers_begin_anew() -> None:
    """§2.3: 1500 before and 1500 after are 2.75 twice, each under a key of its own, due with the period."""
    lines = owed(TOKENS_A, TOKENS_B, agreed=MOVED, used={"tokens": "1500"})
    assert shown(lines) == ["tokens 03-01..03-11 2.75, due 04-01", "tokens 03-11..04-01 2.75, due 04-01"]
    assert [line.key.segment_start for line in lines] == [MARCH, instant("2026-03-11")]
    assert {line.key.period_start for line in lines} == {MARCH}


def test_a_change_of_seats_does_not_cut_the_usage() -> None:
    """§2.1: one key for the tokens, however often seats change."""
    agreed = subscription(SIGNED, amendment(1, "2026-03-15", seats="8"))
    lines = owed(TOKENS_A, SEATS, agreed=agreed, used={"tokens": "1500"}, through="2026-03-31")
    assert [line.price.key for line in lines] == ["seats", "seats"]
    lines = owed(TOKENS_A, SEATS, agreed=agreed, used={"tokens": "1500"})
    assert [shown([line]) for line in lines if line.key.kind is Kind.USAGE] == [["tokens 03-01..04-01 2.75, due 04-01"]]


WHOLE_A = price("fee", "flat", plan="plan", proration="none", amount="310")
WHOLE_B = price("fee", "flat", plan="B", proration="none", amount="620")
WHOLE_SEATS = price("seats", "per_unit", plan="plan", quantity="seats", proration="none", unit_amount="12")


@pytest.mark.parametrize(
    ("prices", "changes", "expected"),
    [
        ([WHOLE_A, WHOLE_B], [amendment(1, "2026-03-11", plan="B")], ["fee 03-01..03-11 310", "fee 04-01..05-01 620"]),
        ([WHOLE_SEATS], [amendment(1, "2026-03-11", seats="9")], ["seats 03-01..04-01 60", "seats 04-01..05-01 108"]),
        ([WHOLE_A], [amendment(1, "2026-03-16", end=True)], ["fee 03-01..03-16 310"]),
    ],
)
def test_without_proration_the_terms_at_the_periods_start_owe_all_of_it(
    prices: list[PriceFacts], changes: list[Any], expected: list[str]
) -> None:
    """§2.6."""
    lines = owed(*prices, agreed=subscription(SIGNED, *changes), through="2026-05-01")
    assert [one.partition(",")[0] for one in shown(lines)] == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2026-03-16", ["fee 03-01..03-16 150, due 03-01", "tokens 03-01..03-16 2.75, due 03-16"]),
        ("2026-04-01", ["fee 03-01..04-01 310, due 03-01", "tokens 03-01..04-01 2.75, due 04-01"]),
        ("2026-03-01", []),
    ],
)
def test_an_ended_subscription_owes_up_to_its_end_and_nothing_after(end: str, expected: list[str]) -> None:
    """§2.5: arrears are due at the end of the subscription where that comes first."""
    agreed = subscription(SIGNED, amendment(1, end, end=True))
    assert shown(owed(A, TOKENS_A, agreed=agreed, used={"tokens": "1500"}, through="2026-06-01")) == expected


@pytest.mark.parametrize(
    ("through", "expected"),
    [
        ("2026-02-28T23:59:59.999999", []),
        ("2026-03-01", ["fee 310"]),
        ("2026-03-31T23:59:59.999999", ["fee 310"]),
        ("2026-04-01", ["fee 310", "tokens 2.75", "fee 310"]),
    ],
)
def test_what_falls_due_by_an_instant_is_due_the_next_periods_advance_included(
    through: str, expected: list[str]
) -> None:
    """§2.5: from the first instant of the day on, and not a microsecond before."""
    lines = owed(A, TOKENS_A, used={"tokens": "1500"}, through=through)
    assert [f"{line.price.key} {format_pico(line.amount)}" for line in lines] == expected


def test_each_combination_of_dimensions_is_rated_by_itself_under_its_own_key() -> None:
    """§2.8: tiers are per combination; absent is not empty."""
    used: Used = {"tokens": {(("model", "a"),): "1500", (("model", ""),): "1000", (("model", None),): "1"}}
    lines = owed(TOKENS_A, used=used)
    assert {line.key.dimensions: format_pico(line.amount) for line in lines} == {
        (("model", "a"),): "2.75",
        (("model", ""),): "2",
        (("model", None),): "0.002",
    }


def test_a_line_tells_how_it_came_about() -> None:
    (line,) = owed(TOKENS_A, used={"tokens": "1500"})
    assert (line.rated.amount, line.rated.quantity) == (Fraction("2.75"), 1500 * PICO)
    assert line.spans == (SubjectSpan("c-01", MARCH, APRIL),)
    assert (line.service, line.usage.quantity) == (Period(MARCH, APRIL), 1500 * PICO)
