"""Books with one of everything that the edges show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
from django.contrib.auth import get_user_model

from billing.models import Invoice
from core import clock, outbox
from core.access import services as access
from core.access.scope import tenant_scope
from core.models import Membership, Tenant, new_id
from core.seals import services as seals
from ledger import periods
from ledger import services as ledger
from ledger.transfers import TransferFlags
from metering.models import Import
from payments.services import record_bank_transfer
from tests.ledger.builders import bare_account, move
from tests.support import world

PASSWORD = "correct horse battery staple"
PICO = 10**12


class Shop(msgspec.Struct, frozen=True):
    """A tenant, keys of its API by scope, and an operator who owns it."""

    tenant: Tenant
    keys: dict[str, str]
    operator: Any


def open_shop(name: str, *, series: str = "INV-{number:06}") -> Shop:
    """A tenant with customers, usage, three months of invoices, a payment, a late event and a void one."""
    key = f"{name}-{uuid4().hex[:8]}"
    start = datetime(2026, 1, 1, tzinfo=UTC)
    tenant = access.open_tenant(key=key, name=name.title(), kind="sandbox", actor=world.TESTER, clock_at=start)
    with tenant_scope(tenant.id):
        keys = {scope: access.create_api_key(scopes=[scope], actor=world.TESTER) for scope in access.SCOPES}
        operator = new_operator("owner", password=PASSWORD)
        _trade(series)
    return Shop(tenant, keys, operator)


def new_operator(role: str | None, *, password: str | None = None) -> Any:
    """An operator of the tenant in scope; without a role, a person who belongs to no tenant.

    A password is slow to keep, as it must be: only who signs in by it has one.
    """
    email = f"{role}-{uuid4().hex[:12]}@example.com"
    person = get_user_model().objects.create_user(email, email=email, password=password, is_staff=True)
    if role is not None:
        Membership.objects.create(user=person, role=role)
    return person


def _trade(series: str) -> None:
    seller = {"key": "seller", "name": "Acme AI GmbH", "country": "DE", "series": series}
    world.apply(
        {
            "seller": seller,
            "customers": [
                world.customer("acme", email="ap@acme.example"),
                world.customer("zenith", currency="EUR", time_zone="Europe/Athens", subjects=["zen/1"]),
                world.customer("acme-labs", parent="acme", bill_to="acme"),
            ],
            "meters": [
                {"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "tokens"},
                {"key": "users", "event_type": "used", "aggregation": "unique_count", "property": "user"},
            ],
            "products": [{"key": "product", "name": "Product", "tags": ["ai"]}],
            "plans": [_plan("scale", "USD"), _plan("scale-eur", "EUR")],
            "subscriptions": [
                _subscription("s-acme", "acme", "scale"),
                _subscription("s-labs", "acme-labs", "scale"),
                _subscription("s-zenith", "zenith", "scale-eur"),
            ],
        }
    )
    world.ingest(*(_used(f"e-{day}", day, "acme") for day in range(1, 28)), _used("z-1", 5, "zen/1"))
    world.ingest(_used("stranger", 9, "nobody"), {**_used("bad", 9, "acme"), "time": "yesterday"})
    _odd_meter(seller)
    world.bill("2026-02-01")
    world.ingest(_used("late", 12, "acme"))
    world.void("e-3")
    world.change("s-acme", on="2026-01-20", seats="8", reason="three more desks")
    world.bill("2026-03-01")
    first = Invoice.objects.select_related("payer").order_by("sequence")[0]
    record_bank_transfer(invoice=first, amount=PICO, on=date(2026, 3, 1), reference="RF1", actor=world.TESTER)
    # No new cut-off: what this books waits on a draft.
    world.change("s-zenith", on="2026-02-10", seats="6", reason="one more desk")
    world.bill("2026-03-01")
    periods.open_period(month="2026-03", actor=world.TESTER)
    _hold()
    outbox.relay()
    seals.make(actor=world.TESTER)


def _hold() -> None:
    """A pending transfer that timed out, and one that failed."""
    now = clock.now()
    one, other = bare_account(), bare_account()
    pending = move(one, other, 5, flags=TransferFlags.PENDING, timeout=1)
    failing = move(one, new_id(), 5)
    assert ledger.create_transfers([pending, failing], at=now) == ["created", "credit_account_not_found"]
    assert ledger.expire_pending(at=now + timedelta(seconds=2)) == 1


def _odd_meter(seller: dict[str, str]) -> None:
    """A meter that can't read an event that came before it, and an import."""
    world.ingest(world.event("odd", time="2026-01-07T10:00:00Z", subject="acme", type="measured", size="large"))
    meter = {"key": "size", "event_type": "measured", "aggregation": "sum", "property": "size"}
    world.apply({"seller": seller, "meters": [meter]})
    digest = "0" * 64
    Import.objects.create(file_name="usage.csv", file_digest=digest, options_digest=digest, started_at=clock.now())


def _plan(key: str, currency: str) -> dict[str, Any]:
    tiers = [{"up_to": "10000", "unit_amount": "0.0000020"}, {"up_to": None, "unit_amount": "0.0000015"}]
    prices: list[dict[str, Any]] = [
        {"key": "tokens", "meter": "tokens", "unit": "token", "model": "graduated", "tiers": tiers},
        {"key": "users", "meter": "users", "unit": "user", "model": "per_unit", "unit_amount": "0.15"},
        {"key": "platform", "model": "flat", "amount": "49.00"},
        {"key": "seats", "model": "per_unit", "unit_amount": "12.00", "quantity": "seats"},
    ]
    return world.plan(key, prices, currency=currency, name=key)


def _subscription(key: str, customer: str, plan: str) -> dict[str, Any]:
    start = world.day("2026-01-01")
    return {"key": key, "customer": customer, "plan": plan, "start": start, "quantities": {"seats": "5"}}


def _used(id: str, day: int, subject: str) -> dict[str, Any]:
    return world.event(id, time=f"2026-01-{day:02}T10:00:00Z", subject=subject, tokens=1_000 * day, user=f"u-{day % 5}")
