"""Sound books with a bit of everything, built once; each test bends them in a transaction that is undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest

from billing.invoicing import services as invoicing
from billing.invoicing import view
from billing.invoicing.rendering import PdfUnavailable
from billing.models import Invoice
from core import outbox
from core.access import services as access
from core.access.scope import tenant_scope
from core.models import Delivery, Message, Tenant
from core.money import PICO
from customers import selectors as parties
from customers.services import set_bill_to
from payments.services import record_bank_transfer
from tests.support import world

TIERS = [{"up_to": "1000", "unit_amount": "0.0123"}, {"up_to": None, "unit_amount": "0.0071"}]


@pytest.fixture(scope="session")
def sound(django_db_setup: None, django_db_blocker: Any) -> Iterator[Tenant]:
    with django_db_blocker.unblock():
        tenant = _opened("sound")
        with tenant_scope(tenant.id):
            # Nobody is told, so that no relay prints their documents: another test's may still run for every tenant.
            with patch.dict(outbox._listeners, clear=True):
                _fill()
            message = Message.objects.filter(event="invoice.finalized").order_by("id")[0]
            delivered = {"state": Delivery.State.DELIVERED, "attempts": 1, "next_attempt_at": message.at}
            Delivery.objects.create(message=message, listener="billing.keep_pdf", **delivered)
        yield tenant


@pytest.fixture(scope="session")
def neighbor(django_db_setup: None, django_db_blocker: Any) -> Tenant:
    """Another tenant, with a customer."""
    with django_db_blocker.unblock():
        tenant = _opened("neighbor")
        with tenant_scope(tenant.id):
            world.apply({"customers": [world.customer()]})
    return tenant


@pytest.fixture
def sound_books(sound: Tenant, neighbor: Tenant, transactional_db: None) -> Iterator[Tenant]:
    """Two trees, billed for three months, with late and voided usage, amendments, voids and payments; in scope.

    INV-000001 (c-01) is void and billed again; of the others one is paid, one overpaid, one partly paid.
    Late usage of March awaits its document.
    """
    with tenant_scope(sound.id):
        yield sound


def _opened(name: str) -> Tenant:
    key, start = f"{name}-{uuid4().hex[:12]}", datetime(2026, 1, 1, tzinfo=UTC)
    return access.open_tenant(key=key, name=name, kind="sandbox", actor=world.TESTER, clock_at=start)


def _fill() -> None:
    world.apply(_agreed())
    access.create_api_key(scopes=["events:write"], actor=world.TESTER)
    usage = [
        world.event(f"e{i}", time=f"2026-{1 + i % 3:02}-{1 + i % 28:02}T10:00:00Z", subject=f"c-0{1 + i % 3}", n=str(i))
        for i in range(90)
    ]
    world.ingest(*usage)
    world.bill("2026-03-01")
    world.ingest(world.event("late", time="2026-01-20T00:00:00Z", n="333"))
    world.void("e5")
    world.change(on="2026-02-10", seats="8")
    world.change("s-03", on="2026-02-10", plan="payg", seats="2")
    _rebill("INV-000001")
    world.bill("2026-04-01")
    _pay()
    world.ingest(world.event("very late", time="2026-02-20T00:00:00Z", n="50"))
    world.bill("2026-04-01")


def _agreed() -> dict[str, Any]:
    prices: list[dict[str, Any]] = [
        {"key": "tokens", "meter": "tokens", "unit": "token", "model": "graduated", "tiers": TIERS},
        {"key": "fee", "model": "flat", "amount": "49.99", "timing": "advance"},
        {"key": "seats", "model": "per_unit", "unit_amount": "12.00", "quantity": "seats", "timing": "advance"},
    ]
    return {
        "customers": [
            world.customer(),
            world.customer("c-02", parent="c-01", consolidate=True),
            world.customer("c-03", time_zone="Asia/Kolkata"),
        ],
        "meters": [{"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "n"}],
        "products": [{"key": "product", "name": "Product"}],
        "plans": [world.plan("payg", prices), world.plan("small", prices[:1])],
        "subscriptions": [
            {"key": "s-01", "customer": "c-01", "plan": "payg", "start": "2026-01-15", "quantities": {"seats": "5"}},
            {"key": "s-02", "customer": "c-02", "plan": "payg", "start": "2026-01-15", "quantities": {"seats": "1"}},
            {"key": "s-03", "customer": "c-03", "plan": "small", "start": "2026-01-01", "subjects": ["c-03"]},
        ],
    }


def _rebill(number: str) -> None:
    invoice = Invoice.objects.get(number=number)
    invoicing.void(invoice=invoice, voided_as="rebill", reason="wrong address", actor=world.TESTER)
    set_bill_to(
        customer=parties.customer("c-02"),
        payer=parties.customer("c-02"),
        from_at=world.instant("2026-03-15"),
        actor=world.TESTER,
    )


def _pay() -> None:
    """The second document in full, the third too much, the fourth a part; the last one is printed, too."""
    second, third, fourth, *_, last = Invoice.objects.order_by("sequence")[1:]
    for invoice, amount in ((second, second.gross.amount), (third, third.gross.amount + 5), (fourth, 1)):
        record_bank_transfer(
            invoice=invoice,
            amount=int(amount * PICO),
            on=date(2026, 4, 1),
            reference=f"for {invoice.number}",
            actor=world.TESTER,
        )
    with suppress(PdfUnavailable):
        view.pdf(last)
