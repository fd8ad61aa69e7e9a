"""How billing's records are put to operators: spans of days, what is left to pay, and whose tree it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString

from billing.invoicing import services
from billing.invoicing.wording import plural
from billing.models import ChargeKeyRow, Invoice, InvoiceLine
from core.console.shown import grouped, linked, plain_money, state
from core.money import parse_pico
from customers.models import Customer

TONES = {
    "open": "info",
    "paid": "success",
    "void": "danger",
    "draft": "warning",
    "planned": "warning",
    "applying": "warning",
    "applied": "success",
    "finished": "success",
    "parked": "danger",
    "exceptions": "danger",
    "issued": "success",
    "nothing": "info",
    "carried": "warning",
    "reopened": "danger",
}


def days(start: date, end: date) -> str:
    """ "2026-01-01 to 2026-01-31": the last day included, as people say it."""
    return f"{start} to {max(start, end - timedelta(days=1))}"


def service(period: dict[str, str]) -> str:
    """A line's service period: whole days with the last one included, or instants."""
    try:
        return days(date.fromisoformat(period["start"]), date.fromisoformat(period["end"]))
    except ValueError:
        return f"{period['start']} up to {period['end']}"


def counted(quantity: str, unit: str) -> str:
    """ "1,500 tokens"; a quantity without a unit stands alone."""
    return f"{grouped(quantity)} {unit if quantity == '1' or not unit else plural(unit)}".strip()


def left_to_pay(invoices: Iterable[Invoice]) -> dict[UUID, int]:
    """What the ledger says is left to pay of each; nothing of a voided one."""
    rows = list(invoices)
    left = services.outstanding([row.id for row in rows])
    return {row.id: 0 if row.state == Invoice.State.VOID else left[row.id] for row in rows}


def state_of(row: Any) -> SafeString:
    """The state of a record that has one, as a colored word."""
    return state(row.get_state_display(), TONES.get(row.state, ""))


def explain_address(invoice_id: UUID, position: int) -> str:
    return reverse("admin:billing_invoice_explain", args=[invoice_id, position])


def explain_link(line: InvoiceLine) -> SafeString:
    return linked(explain_address(line.invoice_id, line.position), "Explain")


def dimensions(key: ChargeKeyRow) -> str:
    """ "model: large"."""
    return ", ".join(f"{name}: {value}" for name, value in key.dimensions if value is not None)


def roots(tree_ids: Iterable[UUID]) -> dict[UUID, Customer]:
    """The root customer of each tree: they share their id."""
    return {row.id: row for row in Customer.objects.filter(pk__in=set(tree_ids))}


def sums(written: dict[str, str]) -> str:
    """Decimal texts by currency, as runs keep them: "EUR 12.50, USD 3.00"."""
    return ", ".join(plain_money(parse_pico(text), code) for code, text in sorted(written.items())) or "nothing"
