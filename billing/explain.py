"""A line taken apart: its charges, the arithmetic of each, and the usage events behind them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import msgspec

from billing import evidence
from billing.booked import key_of
from billing.models import Charge, Invoice
from contracts.prices import PerUnit
from contracts.selectors import price_facts
from contracts.values import PriceFacts
from core.errors import NotFound
from core.money import format_exact, format_pico, from_pico
from metering import selectors as metering
from metering.stores import store
from metering.values import Span, UsageEvent

_PAGE = 1000


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What lies behind one line of a document.

    `usage` names the events: those that the whole key counts, or, on a line that corrects an earlier one for
    the same stretch of time, only those that came or were voided since (`changes_only`).
    """

    invoice: Invoice
    position: int
    charges: tuple[Charge, ...]
    before: Charge | None
    price: PriceFacts
    changes_only: bool


def line(invoice: Invoice, position: int) -> Evidence:
    """The evidence of the line at that position, from 1. Raises NotFound."""
    row = (
        invoice.lines.select_related("key__price__product", "key__price__version__plan")
        .filter(position=position)
        .first()
    )
    if row is None:
        raise NotFound(f"{invoice.number} has no line {position}", field="line")
    rows = list(Charge.objects.filter(key=row.key, claim__invoice=invoice).select_related("key").order_by("n"))
    # A voided document also claims the reversals of its charges: the line shows what was charged.
    charges = [one for one in rows if one.reverses_id is None] or rows
    before = Charge.objects.filter(key=row.key, n__lt=charges[0].n).order_by("-n").first()
    same_time = before is not None and bool(before.spans) and charges[-1].spans == before.spans
    return Evidence(
        invoice=invoice,
        position=position,
        charges=tuple(charges),
        before=before,
        price=price_facts(row.key.price),
        changes_only=same_time,
    )


def events(found: Evidence, *, after: int = 0) -> Iterator[UsageEvent]:
    """The usage events behind a line, in the order in which they were recorded; none for a fee.

    `after` is the number of an event: only those recorded later.
    """
    last = found.charges[-1]
    if found.price.meter_id is None:
        return
    spans = last.spans or (found.before.spans if found.before else [])
    rule = metering.rules_of([found.price.meter_id])[found.price.meter_id]
    wanted = [Span(item=0, subject=one.subject, start=one.start, end=one.end) for one in evidence.read_spans(spans)]
    since = found.before.watermark if found.changes_only and found.before else 0
    while True:
        page = store().events(
            rule,
            wanted,
            last.watermark,
            limit=_PAGE,
            after=after,
            since=since,
            dimensions=key_of(last.key).dimensions,
        )
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].number


def as_json(found: Evidence, document: dict[str, Any]) -> dict[str, Any]:
    """The line as the document shows it, and its charges; the events come apart, they may be many."""
    return {
        "invoice": found.invoice.number,
        "position": found.position,
        "line": document["lines"][found.position - 1],
        "charges": [_charge(one) for one in found.charges],
        "events_are": "changes" if found.changes_only else "all",
    }


def event_json(event: UsageEvent, price: PriceFacts) -> dict[str, Any]:
    """One event; `amount` is its exact product where each unit has the same price, null elsewhere."""
    quantity = event.value if isinstance(event.value, int) else None
    return {
        "number": event.number,
        "source": event.source,
        "id": event.id,
        "time": event.time.isoformat().replace("+00:00", "Z"),
        "subject": event.subject,
        "value": format_pico(quantity) if quantity is not None else event.value,
        "amount": _product(quantity, price),
        "voided": event.voided_at_number is not None,
    }


def _product(quantity: int | None, price: PriceFacts) -> str | None:
    if quantity is None or not isinstance(price.terms, PerUnit):
        return None
    exact: Fraction = from_pico(quantity) * price.terms.unit_amount
    return format_exact(exact)


def _charge(charge: Charge) -> dict[str, Any]:
    return {
        "transfer": str(charge.id),
        "key": str(charge.key_id),
        "n": charge.n,
        "amount": format_pico(charge.amount, places=12),
        "quantity_after": format_pico(charge.quantity),
        "events_after": charge.event_count,
        "late": charge.late,
        "watermark": charge.watermark,
        "fact": charge.fact,
        "engine": charge.engine,
        "rated": charge.rated,
    }
