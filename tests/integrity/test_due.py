"""What `billing.due` takes for a difference, and what only awaits the next run."""

from __future__ import annotations

from typing import Any

import pytest

from billing.invoicing import services as invoicing
from billing.models import Charge, Invoice
from contracts.models import Subscription
from core.models import Tenant
from core.money import format_pico
from tests.support import world
from tests.support.corrupting import corrupted
from tests.support.verifying import findings, verify_books

METERED = {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": "0.10"}


@pytest.fixture
def issued(books: Tenant) -> None:
    """Two documents of one charge key: 1.00 for January, and 0.50 for what came late."""
    world.apply(agreed("c-01"))
    world.ingest(*calls(10))
    world.bill("2026-02-01")
    world.ingest(*calls(5, name="late"))
    world.bill("2026-03-01")
    assert [gross for _, _, gross in world.invoices()] == ["1.00", "0.50"]


def agreed(*customers: str) -> dict[str, Any]:
    return {
        "customers": [world.customer(key) for key in customers],
        "meters": [{"key": "calls", "event_type": "used", "aggregation": "count"}],
        "products": [{"key": "product", "name": "Product"}],
        "plans": [world.plan("payg", [METERED])],
        "subscriptions": [
            {"key": f"s-{key}", "customer": key, "plan": "payg", "start": "2026-01-01"} for key in customers
        ],
    }


def calls(count: int, *, name: str = "e", subject: str = "c-01") -> list[dict[str, Any]]:
    return [world.event(f"{subject} {name}{i}", time="2026-01-10T00:00:00Z", subject=subject) for i in range(count)]


def voided(number: str) -> None:
    invoicing.void(invoice=Invoice.objects.get(number=number), voided_as="rebill", reason="wrong", actor=world.TESTER)


@pytest.mark.parametrize(
    "numbers", [["INV-000001"], ["INV-000002"], ["INV-000001", "INV-000002"], ["INV-000002", "INV-000001"]]
)
def test_what_a_void_took_back_awaits_the_next_run(issued: None, numbers: list[str]) -> None:
    """Until then it is booked no more, and still due; afterwards both are the same again."""
    for number in numbers:
        voided(number)
        verify_books()
    world.bill("2026-03-01")
    verify_books()
    assert world.total_booked() == "1.5"


def test_a_void_excuses_nothing_but_what_it_took_back(issued: None, books: Tenant) -> None:
    voided("INV-000002")
    tampered = f"UPDATE metering_event SET subject = 'x' WHERE tenant_id = '{books.id}' AND event_id = 'c-01 e0'"
    with corrupted(tampered):
        assert findings().keys() == {"billing.due", "metering.events"}


def test_a_reversal_without_a_void_is_a_difference(issued: None, books: Tenant) -> None:
    voided("INV-000002")
    key = Charge.objects.latest("n").key_id
    with corrupted(
        f"UPDATE customers_mark SET cause = 'x' WHERE tenant_id = '{books.id}' AND cause = 'invoice.voided'"
    ):
        (found,) = findings()["billing.due"]
    assert (found.subject, found.detail.partition(" (")[0]) == (
        f"charge key {key}",
        f"due {format_pico(15 * 10**11)}, booked 1",
    )


def test_the_trees_beside_a_broken_one_are_compared(books: Tenant) -> None:
    """One tree that can't be evaluated is named, and a difference of its neighbor is found all the same."""
    world.apply(agreed("c-01", "c-02"))
    world.ingest(*calls(1), *calls(2, subject="c-02"))
    world.bill("2026-02-01")
    trees = {charge.payer.key: charge.payer.tree_id for charge in Charge.objects.select_related("payer")}
    with corrupted(
        f"UPDATE contracts_billedperiod SET start_at = start_at + interval '1 day' WHERE tenant_id = '{books.id}' "
        f"AND subscription_id = '{Subscription.objects.get(key='s-c-01').id}'",
        f"UPDATE billing_treestate SET watermark = 0 WHERE tree_id = '{trees['c-02']}'",
    ):
        found = findings()["billing.due"]
    assert [one.subject for one in found if "PeriodsDoNotTile" in one.detail] == [f"tree {trees['c-01']}"]
    assert [one.detail for one in found if one.subject.startswith("charge key")] == [
        f"due 0, booked 0.2 (tree {trees['c-02']})"
    ]
