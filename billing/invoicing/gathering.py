"""Drafts as live views: what payers owe by a cut-off and no document shows yet, read in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from django.db.models import Sum

from billing import evidence
from billing.booked import key_of, predecessors
from billing.invoicing.draft import Draft, Entry, History, KeyFacts, gather
from billing.models import Charge, ChargeKeyRow, Claim, Invoice, InvoiceLine
from billing.rating.lines import difference
from contracts.selectors import price_facts
from core.currency import currency
from core.money import Rounding, parse_pico
from customers.models import Seller


class Wanted(msgspec.Struct, frozen=True, order=True):
    """Which draft: a payer's, in one currency, up to a cut-off."""

    cut_off_at: datetime
    payer_id: UUID
    currency: str


def drafts(wanted: Sequence[Wanted], *, seller: Seller) -> list[Draft]:
    """The drafts that have lines, in the order asked for."""
    entries = _entries(wanted)
    key_ids = {entry.key_id for several in entries.values() for entry in several}
    histories, facts = _histories(key_ids), _key_facts(key_ids)
    return [
        Draft(
            payer_id=one.payer_id,
            currency=one.currency,
            cut_off_at=one.cut_off_at,
            lines=gather(
                entries[one],
                histories=histories,
                facts=facts,
                digits=currency(one.currency).digits,
                rounding=Rounding(seller.rounding),
            ),
        )
        for one in wanted
        if entries[one]
    ]


def has_entries(wanted: Sequence[Wanted]) -> bool:
    """Whether any of these drafts may have a line."""
    payers, until = {one.payer_id for one in wanted}, max(one.cut_off_at for one in wanted)
    return bool(Charge.objects.filter(payer__in=payers, claim__isnull=True, due_from__lte=until).exists())


def _entries(wanted: Iterable[Wanted]) -> dict[Wanted, list[Entry]]:
    by_payer: dict[tuple[UUID, str], list[Wanted]] = defaultdict(list)
    for one in wanted:
        by_payer[one.payer_id, one.currency].append(one)
    rows = Charge.objects.filter(payer__in={payer for payer, _ in by_payer}, claim__isnull=True)
    unclaimed = [row for row in rows.order_by("id") if (row.payer_id, row.currency) in by_payer]
    before = predecessors(unclaimed)
    found: dict[Wanted, list[Entry]] = defaultdict(list)
    for row in unclaimed:
        entry = _entry(row, before.get((row.key_id, row.n - 1)))
        for one in by_payer[row.payer_id, row.currency]:
            if row.due_from <= one.cut_off_at:
                found[one].append(entry)
    return found


def _entry(row: Charge, before: Charge | None) -> Entry:
    rated = evidence.read_rated(row.rated)
    return Entry(
        charge_id=row.id,
        key_id=row.key_id,
        n=row.n,
        amount=row.amount,
        due_from=row.due_from,
        service_start=row.service_start,
        service_end=row.service_end,
        rated=rated,
        moved=difference(rated, evidence.read_rated(before.rated) if before else None),
        late=row.late,
    )


def _histories(key_ids: Iterable[UUID]) -> dict[UUID, History]:
    """What documents hold of each key that was claimed before."""
    keys = list(key_ids)
    claimed = dict(Charge.objects.filter(key__in=keys, claim__isnull=False).values_list("key").annotate(Sum("amount")))
    lines = InvoiceLine.objects.filter(key__in=claimed).exclude(invoice__state=Invoice.State.VOID)
    shown = dict(lines.values_list("key").annotate(Sum("amount")))
    numbers = dict(lines.order_by("invoice__sequence").values_list("key", "invoice__number"))
    last = {row.key_id: row for row in Charge.objects.filter(key__in=claimed, claim__isnull=False).order_by("key", "n")}
    return {
        key: History(
            claimed=int(amount),
            shown=parse_pico(shown.get(key, Decimal(0))),
            number=numbers.get(key),
            service_end=last[key].service_end,
        )
        for key, amount in claimed.items()
    }


def _key_facts(key_ids: Iterable[UUID]) -> dict[UUID, KeyFacts]:
    rows = ChargeKeyRow.objects.filter(pk__in=list(key_ids)).select_related(
        "subscription__customer", "price__product", "price__version__plan"
    )
    prices = {row.price_id: row.price for row in rows}
    facts = {identity: price_facts(price) for identity, price in prices.items()}
    return {
        row.id: KeyFacts(
            key=key_of(row),
            customer_key=row.subscription.customer.key,
            customer_zone=row.subscription.customer.time_zone,
            subscription_key=row.subscription.key,
            price=facts[row.price_id],
        )
        for row in rows
    }


def claimed_charges(invoice: Invoice) -> list[Charge]:
    """The charges that a document claims, in the order of their keys."""
    ids = Claim.objects.filter(invoice=invoice).values("charge")
    return list(Charge.objects.filter(pk__in=ids).select_related("key").order_by("key", "n"))
