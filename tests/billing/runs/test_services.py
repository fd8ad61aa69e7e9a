"""A billing run: plan, apply in chunks, park what fails, close."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from billing.invoicing import numbering
from billing.models import Charge, Invoice, Run, RunItem
from billing.runs import applying, services
from billing.runs.record import RunDiffers
from billing.runs.services import ThroughInFuture
from core import clock
from core.access import services as access
from core.access.scope import tenant_scope
from core.actor import Actor
from core.models import AuditRecord, Tenant
from core.money import PICO
from customers import selectors
from metering import watermark
from tests.billing import small
from tests.billing.small import FEE
from tests.support import world
from tests.support.tenants import fingerprint
from tests.support.world import TESTER, instant

FEBRUARY = world.day("2026-02-01")


def _run() -> Run:
    (found,) = Run.objects.all()
    return found


@pytest.mark.usefixtures("three")
def test_a_run_books_and_issues_everything_that_is_due() -> None:
    outcome = services.bill(through=FEBRUARY, actor=TESTER)
    assert (outcome.charges, outcome.booked, len(outcome.invoices)) == (9, {"USD": 1866 * PICO}, 6)
    run = _run()
    assert (run.id, run.state, run.through) == (outcome.run_id, "finished", "2026-02-01")
    assert run.expected == run.booked == {"USD": "1866"}
    assert (run.watermark, run.actor) == (watermark.latest(), "command:tests")
    items = RunItem.objects.order_by("cut_off_at", "tree")
    assert {(item.cut_off_at, item.documents, item.state) for item in items} == {
        (instant("2026-01-01"), True, "applied"),
        (instant("2026-02-01"), True, "applied"),
    }
    assert Charge.objects.exclude(run=run).count() == 0


@pytest.mark.usefixtures("books")
def test_a_seller_is_needed_no_sooner_than_a_document() -> None:
    """A trial month that owes nothing parks nobody; the first month that owes does, and says why."""
    meter = {"key": "calls", "event_type": "used", "aggregation": "count"}
    price = {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": "1"}
    world.apply(
        {
            "seller": None,
            "customers": [world.customer()],
            "meters": [meter],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("payg", [price])],
            "subscriptions": [{"key": "s-01", "customer": "c-01", "plan": "payg", "start": "2026-01-01"}],
        }
    )
    world.bill("2026-02-01")
    world.ingest(world.event("e", time="2026-02-10T00:00:00Z"))
    (parked,) = world.bill("2026-03-01", parked=1).parked
    assert (parked.code, parked.reason) == ("not_found", "seller: the tenant has no seller yet: documents need one")


@pytest.mark.usefixtures("three")
def test_a_second_run_has_nothing_to_do_and_leaves_no_trace() -> None:
    services.bill(through=FEBRUARY, actor=TESTER)
    before = fingerprint()
    outcome = services.bill(through=FEBRUARY, actor=TESTER)
    assert (outcome.run_id, outcome.charges, outcome.invoices) == (None, 0, [])
    assert fingerprint() == before


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("chunk", [1, 2])
def test_however_it_is_cut_into_chunks_it_comes_to_the_same(chunk: int) -> None:
    services.bill(through=FEBRUARY, actor=TESTER, chunk=chunk)
    assert [(number, gross) for number, _, gross in world.invoices()] == [
        *((f"INV-00000{n}", "310.00") for n in (1, 2, 3)),
        *((f"INV-00000{n + 3}", f"{310 + n}.00") for n in (1, 2, 3)),
    ]


@pytest.mark.usefixtures("three")
def test_books_that_do_not_hold_what_a_run_booked_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = applying._require_expected

    def forged(*asked: object) -> dict[object, dict[str, int]]:
        sums = real(*asked)  # type: ignore[arg-type]
        return {tree: {code: amount + 1 for code, amount in several.items()} for tree, several in sums.items()}

    monkeypatch.setattr(applying, "_require_expected", forged)
    with pytest.raises(RunDiffers):
        services.bill(through=world.day("2026-01-01"), actor=TESTER)
    assert _run().state == "applying"
    monkeypatch.undo()
    services.bill(through=world.day("2026-01-01"), actor=TESTER)
    assert _run().state == "interrupted"


# Preview


@pytest.mark.usefixtures("three")
def test_a_preview_leaves_nothing_behind_and_equals_the_run() -> None:
    before = fingerprint()
    preview = services.preview(through=FEBRUARY, actor=TESTER)
    left = {table for table, digest in fingerprint().items() if digest != before[table]}
    assert left <= {"metering_watermark"}
    outcome = services.bill(through=FEBRUARY, actor=TESTER)
    assert preview.booked == outcome.booked
    assert preview.charges == outcome.charges
    assert _documents(preview.invoices) == _documents(outcome.invoices)


def _documents(invoices: list[Invoice]) -> list[tuple[str, object, object, str]]:
    """Everything about documents but the salted buyer."""
    shown = [json.dumps({**json.loads(row.body), "buyer": row.payer.key}) for row in invoices]
    facts = [(str(row.number), row.issued_on, row.gross.amount) for row in invoices]
    return [(*one, body) for one, body in zip(facts, shown, strict=True)]


@pytest.mark.usefixtures("three")
def test_a_preview_moves_no_clock_and_holds_no_name() -> None:
    services.preview(through=FEBRUARY, actor=TESTER)
    assert clock.now() == instant("2026-01-01")
    assert not Run.objects.exists()


# Through


@pytest.mark.usefixtures("three")
def test_a_sandboxs_clock_goes_with_the_run() -> None:
    """Each document is dated at its cut-off, as if the days had passed."""
    services.bill(through=FEBRUARY, actor=TESTER)
    assert clock.now() == instant("2026-02-01")
    assert {row.issued_at for row in Invoice.objects.all()} == {instant("2026-01-01"), instant("2026-02-01")}
    assert AuditRecord.objects.filter(event="clock.advanced").count() == 1


def test_the_clock_goes_to_where_the_day_has_begun_for_every_customer(books: Tenant) -> None:
    """And each customer is billed through the start of the day in its own zone."""
    zones = ["Asia/Kolkata", "America/Los_Angeles"]
    small.agree(FEE, customers=[world.customer(f"c-0{n}", time_zone=zone) for n, zone in enumerate(zones, start=1)])
    services.bill(through=FEBRUARY, actor=TESTER)
    assert clock.now() == instant("2026-02-01T08:00:00")
    cut_offs = Invoice.objects.order_by("cut_off_at").values_list("payer__key", "cut_off_at", "issued_on")
    assert list(cut_offs) == [
        ("c-01", instant("2025-12-31T18:30:00"), world.day("2026-01-01")),
        ("c-02", instant("2026-01-01T08:00:00"), world.day("2026-01-01")),
        ("c-01", instant("2026-01-31T18:30:00"), world.day("2026-02-01")),
        ("c-02", instant("2026-02-01T08:00:00"), world.day("2026-02-01")),
    ]


@pytest.mark.usefixtures("three")
def test_an_earlier_day_moves_no_clock_back(actor: Actor) -> None:
    clock.advance(to=instant("2026-01-20"), actor=actor)
    services.bill(through=world.day("2026-01-10"), actor=TESTER)
    assert clock.now() == instant("2026-01-20")
    assert {row.issued_at for row in Invoice.objects.all()} == {instant("2026-01-20")}


@pytest.mark.usefixtures("three")
def test_through_an_instant_is_the_same_one_for_everybody() -> None:
    outcome = services.bill(through=instant("2026-01-31T23:59:59"), actor=TESTER)
    assert len(outcome.invoices) == 3
    assert clock.now() == instant("2026-01-31T23:59:59")


def test_a_live_tenant_is_billed_up_to_now_at_most(books: Tenant, actor: Actor) -> None:
    live = access.open_tenant(key=f"live-{uuid4().hex}", name="Live", kind="live", actor=actor)
    today = timezone.now().date()
    with tenant_scope(live.id):
        small.agree(FEE, start=str(today - timedelta(days=40)))
        for through in (today + timedelta(days=1), timezone.now() + timedelta(minutes=5)):
            with pytest.raises(ThroughInFuture) as refused:
                services.bill(through=through, actor=TESTER)
            assert refused.value.field == "through"
        assert not Run.objects.exists()
        outcome = services.bill(through=today, actor=TESTER)
        assert len(outcome.invoices) >= 1
        assert all(row.issued_at <= timezone.now() for row in outcome.invoices)


# One customer


@pytest.mark.usefixtures("three")
def test_a_run_for_one_customer_bills_its_tree_and_nobody_else() -> None:
    child = world.customer("c-04", parent="c-02", subjects=[])
    signed = {"key": "s-04", "customer": "c-04", "plan": "plan", "start": world.day("2026-01-01")}
    world.apply({"customers": [child], "subscriptions": [signed]})
    outcome = services.bill(through=FEBRUARY, actor=TESTER, customer=selectors.customer("c-04"))
    assert {row.payer.key for row in outcome.invoices} == {"c-02", "c-04"}
    rest = services.bill(through=FEBRUARY, actor=TESTER)
    assert {row.payer.key for row in rest.invoices} == {"c-01", "c-03"}


@pytest.mark.usefixtures("three")
def test_progress_is_told() -> None:
    told: dict[str, list[int]] = {"planned": [], "to_apply": [], "applied": []}
    progress = services.Progress(**{name: several.append for name, several in told.items()})
    services.bill(through=FEBRUARY, actor=TESTER, chunk=2, progress=progress)
    assert told == {"planned": [3], "to_apply": [6], "applied": [2, 1, 2, 1]}


# Two at once, and one that was killed


@pytest.mark.usefixtures("three")
def test_a_run_whose_process_is_gone_is_closed_by_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its items are left to the later run, which bills what it left undone."""

    class Killed(BaseException):
        pass

    def killed(*asked: object, **named: object) -> list[int]:
        raise Killed

    monkeypatch.setattr(numbering, "take", killed)
    with pytest.raises(Killed):
        services.bill(through=FEBRUARY, actor=TESTER)
    monkeypatch.undo()
    assert _run().state == "applying"
    outcome = services.bill(through=FEBRUARY, actor=TESTER)
    first, second = Run.objects.order_by("id")
    assert (first.state, second.state, outcome.booked) == ("interrupted", "finished", {"USD": 1866 * PICO})
    assert {item.state for item in first.items.all()} == {"superseded"}


@pytest.mark.usefixtures("three")
def test_what_was_due_once_stays_in_the_sum() -> None:
    """Billing through an earlier day takes nothing back."""
    services.bill(through=FEBRUARY, actor=TESTER)
    world.change(on="2026-01-16", plan="plan", reason="nothing changes, but the tree is marked")
    assert services.bill(through=world.day("2026-01-10"), actor=TESTER).charges == 0
