"""The worked examples of the billing rules, clause by clause."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Charge, CutOff, Invoice, Run, RunItem
from contracts.models import Subscription
from tests.support import world

pytestmark = pytest.mark.usefixtures("books")

METER = {"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "tokens"}
PRODUCT = {"key": "product", "name": "Product"}


def flat_plans(**amounts: str) -> dict[str, Any]:
    """Plans with one fee each, and a subscription to the first from 1 March."""
    return {
        "customers": [world.customer()],
        "products": [PRODUCT],
        "plans": [
            world.plan(key, [{"key": "fee", "model": "flat", "amount": amount}]) for key, amount in amounts.items()
        ],
        "subscriptions": [
            {"key": "s-01", "customer": "c-01", "plan": next(iter(amounts)), "start": world.day("2026-03-01")}
        ],
    }


def metered(price: dict[str, Any], *more: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A subscription from 1 January to a plan that prices the tokens."""
    prices = [{"key": "tokens", "meter": "tokens", **price}, *more]
    return {
        "customers": [world.customer()],
        "meters": [METER],
        "products": [PRODUCT],
        "plans": [world.plan("payg", prices)],
        "subscriptions": [
            {"key": "s-01", "customer": "c-01", "plan": "payg", "start": world.day("2026-01-01"), **fields}
        ],
    }


def test_the_difference_runs_over_the_union_of_keys() -> None:
    """§1.3: B back-dated from the 11th to the 6th nets +50; due's own keys alone would give +250."""
    world.apply(flat_plans(A="310", B="620", C="930"))
    world.bill("2026-03-01")
    world.change(on="2026-03-11", plan="B")
    world.change(on="2026-03-21", plan="C")
    world.bill("2026-04-01")

    world.change(on="2026-03-06", plan="B", reason="agreed on the 6th")
    outcome = world.bill("2026-04-01")

    assert outcome.booked == {"USD": 50 * 10**12}
    assert world.exact() == {
        "s-01 A.fee 03-01": "50",
        "s-01 B.fee 03-06": "300",
        "s-01 C.fee 03-21": "330",
        "s-01 C.fee 04-01": "930",
    }


def test_a_plan_change_back_dated_into_an_issued_month_comes_as_differences_on_the_next_document() -> None:
    """§6.1: what was issued stands; the next cut-off shows what it would have been otherwise."""
    world.apply(flat_plans(A="310", B="620"))
    world.bill("2026-03-01")
    world.bill("2026-04-01")
    world.change(on="2026-03-22", plan="B", reason="agreed by telephone")
    world.bill("2026-05-01")

    assert world.invoices() == [
        ("INV-000001", "open", "310.00"),
        ("INV-000002", "open", "310.00"),
        ("INV-000003", "open", "1030.00"),
    ]
    assert world.lines("INV-000003") == [
        ("Credit for unused time: Product · Fee", "-100.00"),
        ("Product · Fee", "200.00"),
        ("Credit for unused time: Product · Fee", "-310.00"),
        ("Product · Fee", "620.00"),
        ("Product · Fee", "620.00"),
    ]


def test_a_credit_for_unused_time_names_that_time() -> None:
    """A negative line has a negative quantity and a price (BR-27), and shows the time that is given back."""
    seats = {"key": "seats", "model": "per_unit", "unit_amount": "12.00", "quantity": "seats"}
    world.apply(
        {
            "customers": [world.customer()],
            "products": [PRODUCT],
            "plans": [world.plan("team", [seats])],
            "subscriptions": [
                {
                    "key": "s-01",
                    "customer": "c-01",
                    "plan": "team",
                    "start": world.day("2026-01-01"),
                    "quantities": {"seats": "5"},
                }
            ],
        }
    )
    world.bill("2026-01-01")
    world.change(on="2026-01-17", seats="8")
    world.bill("2026-02-01")

    credit, charge, _ = world.document("INV-000002")["lines"]
    assert (credit["quantity"], credit["amount"]) == ("-5", "-29.03")
    assert credit["service_period"] == {"start": "2026-01-17", "end": "2026-02-01"}
    assert (charge["quantity"], charge["amount"]) == ("8", "46.45")
    assert charge["service_period"] == {"start": "2026-01-17", "end": "2026-02-01"}


def test_changing_back_and_forth_posts_four_transfers() -> None:
    """§1.4: A→B→A→B; the third is no replay of the first, because n counts what the key already has."""
    world.apply(flat_plans(A="310", B="620"))
    world.bill("2026-03-01")
    for plan in ("B", "A", "B"):
        world.change(on="2026-03-11", plan=plan, reason=f"to {plan}")
        world.bill("2026-03-01")

    old = Charge.objects.filter(key__price__version__plan__key="A").order_by("n")
    assert [(row.n, row.amount // 10**12) for row in old] == [(0, 310), (1, -210), (2, 210), (3, -210)]
    assert world.exact() == {"s-01 A.fee 03-01": "100", "s-01 B.fee 03-11": "420"}


def test_a_seat_change_does_not_split_graduated_tokens() -> None:
    """§2.1: 1.5 M tokens, the first 1 M at 2 per million, then 1.5: 2.75, however often seats change."""
    tiers = [{"up_to": "1000000", "unit_amount": "0.000002"}, {"up_to": None, "unit_amount": "0.0000015"}]
    seats = {"key": "seats", "model": "per_unit", "unit_amount": "12.00", "quantity": "seats", "timing": "arrears"}
    world.apply(metered({"model": "graduated", "tiers": tiers}, seats, quantities={"seats": "5"}))
    world.ingest(
        world.event("e-1", time="2026-01-03T10:00:00Z", tokens=900_000),
        world.event("e-2", time="2026-01-20T10:00:00Z", tokens=600_000),
    )
    world.change(on="2026-01-15", seats="8")
    world.bill("2026-02-01")

    assert world.exact() == {
        "s-01 payg.seats 01-01": "27.096774193548",
        "s-01 payg.seats 01-15": "52.645161290323",
        "s-01 payg.tokens 01-01": "2.75",
    }


def test_ten_documents_of_a_fraction_of_a_cent_show_its_sum() -> None:
    """§6.2: a line shows what rounding its key so far adds; ten times 0.004 show 0.04 in all."""
    fee = {"key": "fee", "model": "flat", "amount": "1.00"}
    world.apply(metered({"model": "per_unit", "unit_amount": "0.004"}, fee))
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=1))
    world.bill("2026-02-01")
    for month in range(3, 12):
        world.ingest(world.event(f"late-{month}", time="2026-01-04T10:00:00Z", tokens=1))
        world.bill(f"2026-{month:02}-01")

    shown = [amount for number, _, _ in world.invoices() for name, amount in world.lines(number) if "Tokens" in name]
    assert shown == ["0.00", "0.01", "0.00", "0.01", "0.00", "0.00", "0.01", "0.00", "0.01", "0.00"]
    assert world.exact()["s-01 payg.tokens 01-01"] == "0.04"


def test_a_parked_item_does_not_lose_a_late_event() -> None:
    """§3.5: the item's own last watermark does not move while it is parked."""
    world.apply(metered({"model": "per_unit", "unit_amount": "0.10"}))
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10))
    world.bill("2026-02-01")

    world.ingest(world.event("late", time="2026-01-04T10:00:00Z", tokens=5))
    with world.broken_seller():
        world.ingest(world.event("e-2", time="2026-02-04T10:00:00Z", tokens=1))
        world.bill("2026-03-01", parked=1)
    assert RunItem.objects.get(state=RunItem.State.PARKED).code == "error"
    world.bill("2026-03-01")

    assert world.exact() == {"s-01 payg.tokens 01-01": "1.5", "s-01 payg.tokens 02-01": "0.1"}
    assert world.lines("INV-000002") == [
        ("Late usage: Product · Tokens", "0.50"),
        ("Product · Tokens", "0.10"),
    ]


def test_void_as_rebill_is_billed_again() -> None:
    """§6.6: the charges are reversed and due again; the voided document claims what took it back."""
    world.apply(metered({"model": "per_unit", "unit_amount": "0.10"}))
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=25))
    world.bill("2026-02-01")
    world.void_invoice("INV-000001")
    assert (world.balance(1100), world.balance(1200), world.balance(4000)) == ("0", "0", "0")

    world.ingest(world.event("e-2", time="2026-01-04T10:00:00Z", tokens=5))
    world.bill("2026-02-01")

    assert world.invoices() == [("INV-000001", "void", "2.50"), ("INV-000002", "open", "3.00")]
    assert world.exact() == {"s-01 payg.tokens 01-01": "3"}
    assert world.balance(1100) == "3"
    assert world.bill("2026-02-01").charges == 0


def test_an_older_document_voided_is_replaced_while_later_differences_wait() -> None:
    """§6.6: the replacement shows what its cut-off shows; late usage of later months goes on the next document."""
    world.apply(metered({"model": "per_unit", "unit_amount": "0.10"}))
    for month in (1, 2):
        world.ingest(world.event(f"e-{month}", time=f"2026-{month:02}-03T10:00:00Z", tokens=10 * month))
        world.bill(f"2026-{month + 1:02}-01")
    world.void_invoice("INV-000001")
    world.ingest(world.event("late", time="2026-02-05T10:00:00Z", tokens=7))
    world.bill("2026-03-01")

    assert world.invoices() == [
        ("INV-000001", "void", "1.00"),
        ("INV-000002", "open", "2.00"),
        ("INV-000003", "open", "1.00"),
    ]
    world.bill("2026-04-01")
    assert world.lines("INV-000004") == [("Late usage: Product · Tokens", "0.70")]


def test_usage_is_late_only_against_its_own_months_bill() -> None:
    """A fee in advance bills the month on its first day; that makes none of the month's usage late."""
    fee = {"key": "fee", "model": "flat", "amount": "10.00"}
    world.apply(metered({"model": "per_unit", "unit_amount": "0.10"}, fee))
    world.bill("2026-01-01")
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10))
    world.bill("2026-02-01")
    world.ingest(world.event("late", time="2026-01-04T10:00:00Z", tokens=5))
    world.bill("2026-03-01")

    assert ("Product · Tokens", "1.00") in world.lines("INV-000002")
    assert ("Late usage: Product · Tokens", "0.50") in world.lines("INV-000003")


def test_a_plan_change_does_not_make_usage_late() -> None:
    """Usage that came in time and is rated again under another price is no late usage."""
    world.apply(
        {
            **metered({"model": "per_unit", "unit_amount": "0.10"}),
            "plans": [
                world.plan(key, [{"key": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": amount}])
                for key, amount in (("payg", "0.10"), ("other", "0.08"))
            ],
        }
    )
    world.ingest(
        world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10),
        world.event("e-2", time="2026-01-20T10:00:00Z", tokens=50),
    )
    world.bill("2026-02-01")
    world.change(on="2026-01-11", plan="other", reason="agreed in January")
    world.ingest(world.event("e-3", time="2026-02-20T10:00:00Z", tokens=100))
    world.bill("2026-03-01")

    assert world.lines("INV-000002") == [
        ("Correction: Product · Tokens", "-5.00"),
        ("Product · Tokens", "4.00"),
        ("Product · Tokens", "8.00"),
    ]


def test_a_negative_draft_is_carried_forward() -> None:
    """§6.2: nobody gets a document of less than nothing; the next one takes it into account."""
    world.apply(metered({"model": "per_unit", "unit_amount": "0.10"}))
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=100))
    world.bill("2026-02-01")
    world.void("e-1")
    world.ingest(world.event("e-2", time="2026-02-03T10:00:00Z", tokens=30))
    outcome = world.bill("2026-03-01")

    assert (outcome.carried, outcome.invoices) == (1, [])
    assert CutOff.objects.get(outcome=CutOff.Outcome.CARRIED).invoice is None
    assert world.balance(1200) == "-7"

    world.ingest(world.event("e-3", time="2026-03-03T10:00:00Z", tokens=90))
    world.bill("2026-04-01")
    assert world.lines("INV-000002") == [
        ("Correction: Product · Tokens", "-10.00"),
        ("Product · Tokens", "3.00"),
        ("Product · Tokens", "9.00"),
    ]
    assert (world.balance(1100), world.balance(1200)) == ("12", "0")


def test_a_run_repeated_posts_nothing() -> None:
    world.apply(flat_plans(A="310"))
    first = world.bill("2026-04-01")
    second = world.bill("2026-04-01")

    assert (first.charges, len(first.invoices)) == (2, 2)
    assert (second.charges, second.invoices, second.run_id) == (0, [], None)


def test_an_earlier_end_takes_nothing_back() -> None:
    """What was due once stays in the sum: billing through an earlier day changes nothing."""
    world.apply(flat_plans(A="310"))
    world.bill("2026-04-01")
    world.change(on="2026-03-16", plan="A", reason="nothing changes, but the tree is marked")

    assert world.bill("2026-03-01").charges == 0
    assert world.total_booked() == "620"


def test_an_end_back_dated_before_billed_periods_gives_them_back() -> None:
    world.apply(flat_plans(A="310"))
    world.bill("2026-05-01")
    world.change(on="2026-03-16", end=True, reason="cancelled in March")
    world.bill("2026-05-01")

    assert world.exact() == {"s-01 A.fee 03-01": "150"}
    assert Subscription.objects.get().key == "s-01"
    assert Invoice.objects.count() == 3


def test_late_usage_after_the_end_still_finds_a_document() -> None:
    """§6.1: nothing outlives the next cut-off; an ended subscription keeps its rhythm for what still comes."""
    world.apply(metered({"model": "per_unit", "unit_amount": "0.10"}))
    world.change(on="2026-02-01", end=True)
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10))
    world.bill("2026-02-01")
    world.ingest(world.event("late", time="2026-01-04T10:00:00Z", tokens=1000))
    world.bill("2026-02-15")
    assert world.balance(1200) == "100"

    world.bill("2026-03-10")
    assert world.lines("INV-000002") == [("Late usage: Product · Tokens", "100.00")]
    assert world.balance(1200) == "0"
    assert world.bill("2026-06-01").run_id is None


def test_what_was_voided_is_billed_again_also_when_the_end_is_back_dated() -> None:
    """§6.6: a reopened cut-off is made again, whatever the boundaries are by then."""
    world.apply(metered({"model": "per_unit", "unit_amount": "0.10"}))
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=1000))
    world.bill("2026-02-01")
    world.void_invoice("INV-000001")
    world.change(on="2026-01-16", end=True)
    world.bill("2026-02-02")

    assert world.invoices()[-1] == ("INV-000002", "open", "100.00")
    assert world.balance(1200) == "0"


def test_a_customer_who_cannot_be_rated_is_parked_and_the_others_are_billed() -> None:
    """Park, don't guess: an amount beyond 128 bits is one customer's problem."""
    sections = metered({"model": "per_unit", "unit_amount": "1000000000"})
    second = {**sections["subscriptions"][0], "key": "s-02", "customer": "c-02"}
    world.apply(
        {
            **sections,
            "customers": [world.customer(), world.customer("c-02")],
            "subscriptions": [*sections["subscriptions"], second],
        }
    )
    world.ingest(
        world.event("e-1", time="2026-01-03T10:00:00Z", tokens=10**20),
        world.event("e-2", time="2026-01-03T10:00:00Z", subject="c-02", tokens=1),
    )
    outcome = world.bill("2026-02-01", parked=1)

    (parked,) = outcome.parked
    assert (parked.code, parked.reason.split(": ")[0]) == ("invalid_amount", "subscription s-01, price tokens")
    assert world.invoices() == [("INV-000001", "open", "1000000000.00")]
    world.void("e-1")
    world.bill("2026-02-01")


def test_a_waiting_difference_and_a_rebilled_charge_add_up_on_one_line() -> None:
    """A line's quantity and arithmetic are what its own charges moved."""
    world.apply(metered({"model": "per_unit", "unit_amount": "0.10"}))
    world.ingest(world.event("e-1", time="2026-01-03T10:00:00Z", tokens=100))
    world.bill("2026-02-01")
    world.ingest(world.event("late", time="2026-01-04T10:00:00Z", tokens=5))
    world.bill("2026-02-01")
    world.void_invoice("INV-000001")
    world.bill("2026-02-01")

    (line,) = world.document("INV-000002")["lines"]
    assert (line["quantity"], line["amount"]) == ("105", "10.50")
    assert [(row["quantity"], row["amount"]) for row in line["breakdown"]] == [("105", "10.5")]


def test_an_unprorated_commitment_is_owed_once() -> None:
    """§2.6: without proration the terms at the period's start owe all of it."""
    committed = {
        "key": "tokens",
        "meter": "tokens",
        "model": "committed",
        "included": "100",
        "amount": "250",
        "overage_unit_amount": "1",
        "proration": "none",
    }
    world.apply({**metered(committed), "plans": [world.plan(key, [committed]) for key in ("payg", "other")]})
    world.change(on="2026-01-16", plan="other")
    world.ingest(world.event("e-1", time="2026-01-20T10:00:00Z", tokens=3))
    world.bill("2026-02-01")

    assert world.exact() == {"s-01 other.tokens 01-16": "3", "s-01 payg.tokens 01-01": "250"}


def test_a_very_large_document_loses_no_cent_when_it_is_voided() -> None:
    """Python's default decimal context has 28 digits: sums are done on integers."""
    world.apply(flat_plans(A="150000000000000000000000000.99"))
    world.bill("2026-03-01")
    world.void_invoice("INV-000001")

    assert (world.balance(1100), world.balance(1200), world.balance(5200)) == ("0", "0", "0")


def test_a_run_whose_process_is_gone_is_closed_by_the_next_one() -> None:
    """Nothing is stuck without an owner: what a killed run left is planned again."""
    world.apply(flat_plans(A="310"))
    world.bill("2026-03-01")
    killed = Run.objects.create(
        through="2026-04-01", watermark=0, actor="command:killed", started_at=world.instant("2026-03-01")
    )
    killed.begin()
    killed.save()
    world.bill("2026-04-01")

    assert Run.objects.get(pk=killed.pk).state == Run.State.INTERRUPTED
    assert world.invoices()[-1] == ("INV-000002", "open", "310.00")
