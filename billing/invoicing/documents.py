"""The canonical invoice document (interfaces §4): its sealed form, its digest, and the whole of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from billing.invoicing.draft import Draft, DraftLine
from billing.invoicing.totals import Totals
from billing.invoicing.wording import line_description, name_of_key
from billing.rating.lines import BreakdownRow
from contracts.prices import Package
from contracts.values import PriceFacts
from core import canonical
from core.currency import currency
from core.money import format_exact, format_pico
from core.period import local_date, zone_named
from customers.models import Customer, FrozenParty, Seller

FORMAT = 1
#: What a document shows of its own state: not part of what is sealed.
_LIVE = ("status", "digest")
_LIVE_TOTALS = ("credit_applied", "due")


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says above its lines; number and dates are None in a draft."""

    number: str | None
    issued_on: date | None
    due_on: date | None
    terms_days: int
    locale: str


def sealed(
    draft: Draft, totals: Totals, heading: Heading, *, seller: Seller, payer: Customer, party_digest: str
) -> dict[str, Any]:
    """The sealed form: everything that is frozen when the document is issued, the buyer as a digest."""
    digits = digits_of(draft.currency)
    return {
        "format": FORMAT,
        "number": heading.number,
        "kind": "invoice",
        "currency": draft.currency,
        "seller": _seller(seller),
        "buyer": {"key": payer.key, "party_digest": party_digest},
        "period": service_dates(draft.lines, zone_named(payer.time_zone)),
        "issued_on": _iso(heading.issued_on),
        "due_on": _iso(heading.due_on),
        "payment_terms_days": heading.terms_days,
        "locale": heading.locale,
        "lines": [_line(line, digits) for line in draft.lines],
        "totals": {
            "net": format_pico(totals.net, places=digits),
            "tax": format_pico(totals.tax, places=digits),
            "gross": format_pico(totals.gross, places=digits),
            "rounding": format_pico(totals.rounding, places=12),
        },
    }


def digits_of(code: str) -> int:
    """The minor digits of a currency."""
    return currency(code).digits


def digest(form: Mapping[str, Any]) -> str:
    """Hex SHA-256 of a sealed form."""
    return canonical.digest(dict(form))


def whole(
    form: Mapping[str, Any], *, party: str, status: str, due: int, credit_applied: int = 0, digest: str | None
) -> dict[str, Any]:
    """The document as people and programs read it: the sealed form with the buyer and its state filled in."""
    digits = digits_of(form["currency"])
    totals = {
        **form["totals"],
        "credit_applied": format_pico(credit_applied, places=digits),
        "due": format_pico(due, places=digits),
    }
    return {**form, "buyer": json.loads(party), "status": status, "totals": totals, "digest": digest}


def sealed_again(document: Mapping[str, Any], party: FrozenParty) -> dict[str, Any]:
    """The sealed form of a whole document: what an auditor with the salt computes the digest of."""
    form = {name: value for name, value in document.items() if name not in _LIVE}
    form["buyer"] = {"key": document["buyer"]["key"], "party_digest": party.digest}
    form["totals"] = {name: value for name, value in document["totals"].items() if name not in _LIVE_TOTALS}
    return form


def service_dates(lines: Sequence[DraftLine], zone: ZoneInfo) -> dict[str, str]:
    """The calendar days in `zone` that the lines' services lie in, half-open (EN 16931 BG-14)."""
    start = local_date(min(line.service_start for line in lines), zone)
    end = max(line.service_end for line in lines)
    last = local_date(end, zone)
    whole_day = end.astimezone(zone).time() == time()
    return {"start": start.isoformat(), "end": (last if whole_day else last + timedelta(days=1)).isoformat()}


def _seller(seller: Seller) -> dict[str, Any]:
    empty = {"lines": [], "city": "", "postcode": "", "country": seller.country}
    return {
        "key": seller.key,
        "name": seller.name,
        "address": {**empty, **seller.address},
        "tax_ids": [seller.vat_id] if seller.vat_id else [],
        "email": seller.email,
        "bank": seller.bank or None,
    }


def _line(line: DraftLine, digits: int) -> dict[str, Any]:
    price, zone = line.facts.price, zone_named(line.facts.customer_zone)
    return {
        "id": str(line.key_id),
        "customer": line.facts.customer_key,
        "subscription": line.facts.subscription_key,
        "price": price.key,
        "product": price.product_key,
        "kind": line.facts.key.kind.value,
        "description": describe(line),
        "service_period": {
            "start": _day_or_instant(line.service_start, zone),
            "end": _day_or_instant(line.service_end, zone),
        },
        "quantity": format_pico(line.rated.quantity),
        "unit": price.unit,
        "amount_exact": format_pico(line.exact, places=12),
        "amount": format_pico(line.amount, places=digits),
        "late": line.late,
        "corrects": line.corrects,
        "dimensions": {name: value for name, value in line.facts.key.dimensions if value is not None},
        "breakdown": [_row(row, price) for row in line.rated.breakdown],
    }


def describe(line: DraftLine) -> str:
    """The words of a line, frozen with it."""
    price = line.facts.price
    return line_description(
        product=price.product_name,
        price=price.name or name_of_key(price.key),
        kind=line.facts.key.kind.value,
        dimensions={name: value for name, value in line.facts.key.dimensions if value is not None},
        late=line.late,
        negative=line.amount < 0,
    )


def _row(row: BreakdownRow, price: PriceFacts) -> dict[str, str | None]:
    shown = {
        "from": None if row.start is None else format_pico(row.start),
        "to": None if row.end is None else format_pico(row.end),
        "quantity": format_pico(row.quantity),
        "unit_amount": format_exact(row.unit_amount),
        "flat_amount": format_pico(row.flat_amount),
        "amount": format_exact(row.amount),
    }
    if row.share != 1:
        shown["share"] = str(row.share)
    if isinstance(price.terms, Package) and row.flat_amount:
        shown["package_size"] = format_pico(price.terms.package_size)
        shown["package_amount"] = format_pico(price.terms.amount_per_package)
    return shown


def _day_or_instant(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    # Where clocks skip midnight the day starts later: it is still that day.
    starts_day = local_date(instant - timedelta(microseconds=1), zone) < local.date()
    return local.date().isoformat() if starts_day else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
