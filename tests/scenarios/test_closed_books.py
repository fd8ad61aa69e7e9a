"""A month is closed; what is learnt of it later is booked in the open one, and says where it belongs."""

from __future__ import annotations

import json
from datetime import date

import pytest

from billing.models import Charge, Invoice
from core.models import Tenant
from core.money import PICO
from ledger import periods, selectors
from ledger.models import Transfer
from payments.services import record_bank_transfer
from tests.support import world
from tests.support.commands import succeed
from tests.support.world import TESTER, instant

JANUARY_END, FEBRUARY_END = instant("2026-02-01"), instant("2026-03-01")


@pytest.fixture
def closed(books: Tenant) -> Tenant:
    """Usage of January is billed and January closed on 1 February; then the clock goes to 1 March."""
    world.apply(
        {
            "customers": [world.customer()],
            "meters": [{"key": "calls", "event_type": "used", "aggregation": "count"}],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [
                world.plan(
                    "payg",
                    [
                        {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": "1"},
                        {"key": "fee", "model": "flat", "amount": "31"},
                    ],
                )
            ],
            "subscriptions": [{"key": "s-01", "customer": "c-01", "plan": "payg", "start": world.day("2026-01-01")}],
        }
    )
    world.ingest(*[world.event(f"e{n}", time="2026-01-10T00:00:00Z") for n in range(10)])
    world.bill("2026-02-01")
    periods.open_period(month="2026-01", actor=TESTER)
    periods.close(month="2026-01", reason="month end", actor=TESTER)
    return books


def _earned(end: str) -> int:
    """Revenue and deferred revenue that counted before an instant, in whole units."""
    rows = selectors.trial_balance(as_of=instant(end)).rows
    return int(sum(row.credits - row.debits for row in rows if row.code in (2000, 4000)) // PICO)


def test_late_usage_and_a_back_dated_change_count_from_the_open_month(closed: Tenant) -> None:
    """January's figures stay as they were closed; the customer's next invoice shows the difference all the same."""
    before = _earned("2026-01-31T23:59:59+00:00")
    world.ingest(world.event("late", time="2026-01-12T00:00:00Z"))
    world.change(on="2026-01-16", end=True)
    world.bill("2026-03-01")
    moved = Transfer.objects.filter(belongs_at__isnull=False)
    assert {one.effective_at for one in moved} == {JANUARY_END}
    assert {one.belongs_at for one in moved} <= set(Charge.objects.values_list("due_from", flat=True))
    assert _earned("2026-01-31T23:59:59+00:00") == before
    assert world.total_booked() == "26"  # 11 calls, and 15 of 31 days of the fee


def test_a_payment_that_came_in_a_closed_month_is_booked_in_the_open_one(closed: Tenant) -> None:
    first = Invoice.objects.order_by("sequence")[0]
    record_bank_transfer(invoice=first, amount=PICO, on=date(2026, 1, 15), reference="r-1", actor=TESTER)
    (paid,) = Transfer.objects.filter(belongs_at__isnull=False)
    assert (paid.effective_at, paid.belongs_at) == (JANUARY_END, instant("2026-01-15"))
    asking = ("statement", "--tenant", closed.key, "--customer", "c-01", "--account", "1100")
    assert "belongs to 2026-01-15T00:00:00Z" in " ".join(succeed(*asking).out.split())
    movements = json.loads(succeed(*asking, "--json").out)["statements"][0]["movements"]
    assert [one["belongs_at"] for one in movements if one["belongs_at"]] == ["2026-01-15T00:00:00Z"]
    record_bank_transfer(invoice=first, amount=PICO, on=date(2026, 1, 15), reference="r-1", actor=TESTER)
    assert Transfer.objects.filter(belongs_at__isnull=False).count() == 1


def test_a_void_takes_back_in_the_open_month_what_was_charged_in_the_closed_one(closed: Tenant) -> None:
    first = Invoice.objects.order_by("sequence")[0]
    succeed("void", str(first.number), "--tenant", closed.key, "--as", "rebill", "--reason", "wrong")
    assert {one.effective_at for one in Transfer.objects.filter(belongs_at__isnull=False)} == {JANUARY_END}
    world.bill("2026-03-01")


def test_the_export_says_where_it_belongs(closed: Tenant) -> None:
    world.ingest(world.event("late", time="2026-01-20T00:00:00Z"))
    world.bill("2026-03-01")
    # Usage in arrears falls due at the end of its period, which is where open time begins: it belongs there.
    assert Transfer.objects.filter(belongs_at__isnull=False).count() == 0
    periods.close(month="2026-02", reason="month end", actor=TESTER)
    world.ingest(world.event("later", time="2026-01-21T00:00:00Z"))
    world.bill("2026-04-01")
    exported = succeed("export_journal", "--tenant", closed.key, "--format", "hledger").out
    assert "belongs:2026-02-01T00:00:00Z" in exported
