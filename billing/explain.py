"""A line taken apart: its charges, the arithmetic of each, and the usage events behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from billing import counted
from billing.booked import key_of
from billing.models import Charge, Invoice
from contracts.prices import PerUnit
from contracts.selectors import price_facts
from contracts.values import PriceFacts
from core.errors import NotFound
from core.money import format_exact, format_pico, from_pico
from metering import selectors as metering
from metering.stores import store
from metering.values import Span, UsageEvent, View

_FIRST_PAGE, _PAGE = 1_000, 50_000
ADDED, TAKEN_AWAY = "added", "taken_away"
#: What may be asked for, and the sign of its quantities.
CHANGES = {ADDED: 1, TAKEN_AWAY: -1}


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What lies behind one line of a document.

    `views` say which usage it shows: what its charges counted, less what was counted before them.
    """

    invoice: Invoice
    position: int
    charges: tuple[Charge, ...]
    price: PriceFacts
    views: tuple[View, ...]

    @property
    def changes_only(self) -> bool:
        """Whether something was counted before, so that its events are those added and those taken away since."""
        return any(view.times < 0 for view in self.views)


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
    known = Charge.objects.filter(key=row.key, n__lte=charges[-1].n).order_by("n")
    return Evidence(
        invoice=invoice,
        position=position,
        charges=tuple(charges),
        price=price_facts(row.key.price),
        views=_views(counted.by(charges, known)) if row.key.price.meter_id else (),
    )


def _views(seen: Mapping[counted.Seen, int]) -> tuple[View, ...]:
    return tuple(
        View(
            spans=tuple(Span(item=0, subject=one.subject, start=one.start, end=one.end) for one in spans),
            watermark=watermark,
            times=times,
        )
        for (spans, watermark), times in seen.items()
    )


def events(found: Evidence, *, after: int = 0, sign: int = 0) -> Iterator[UsageEvent]:
    """The usage events that a line's quantity comes from, in the order in which they were recorded; none for a fee.

    Their quantities add up to the line's: those taken away count below zero. Of a maximum or of unique values
    they are the events that carry it. `after` is the number of an event: only those recorded later.
    With `sign` 1 only those added, with −1 only those taken away.
    """
    if not found.views or found.price.meter_id is None:
        return
    rule = metering.rules_of([found.price.meter_id])[found.price.meter_id]
    asked = store().events if rule.aggregation.adds_up else store().carriers
    dimensions = key_of(found.charges[-1].key).dimensions
    limit = _FIRST_PAGE
    while True:
        page = asked(rule, found.views, limit=limit, after=after, sign=sign, dimensions=dimensions)
        yield from page
        if len(page) < limit:
            return
        # Each page reads all of the usage again: whoever wants a million events gets them in few.
        after, limit = page[-1].number, _PAGE


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
    """One event: its `value`, and its `quantity` within the line's, below zero where it was taken away.

    `amount` is the exact product of the quantity where each unit has the same price, null elsewhere.
    """
    return {
        "number": event.number,
        "source": event.source,
        "id": event.id,
        "time": event.time.isoformat().replace("+00:00", "Z"),
        "subject": event.subject,
        "value": format_pico(event.value) if isinstance(event.value, int) else event.value,
        "change": ADDED if event.times > 0 else TAKEN_AWAY,
        "quantity": format_pico(event.quantity),
        "amount": _product(event.quantity, price),
        "voided": event.voided_at_number is not None,
    }


def _product(quantity: int, price: PriceFacts) -> str | None:
    if not isinstance(price.terms, PerUnit):
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
