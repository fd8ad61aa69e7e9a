"""Recording money that came in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.invoicing import services as invoicing
from billing.models import Invoice
from core import audit, clock, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.currency import currency
from core.db.transaction import atomic
from core.errors import InvalidValue, Refusal
from core.events import Event
from core.ids import derived_id
from core.money import PLACES, format_pico, parse_pico
from core.period import local_date, local_midnight, zone_named
from customers import checks, trees
from ledger import services as ledger
from ledger.entries import accounts_of, transfers
from ledger.periods import open_from
from payments import postings
from payments.models import Payment


class PaymentDiffers(Refusal):
    """A payment of that reference was recorded with another amount or date."""

    code = "payment_differs"


class DocumentVoid(Refusal):
    """A voided document can't be paid."""

    code = "document_void"


def record_bank_transfer(*, invoice: Invoice, amount: int, on: date, reference: str, actor: Actor) -> Payment:
    """A bank transfer for a document: partial, full, or more than is owed; the rest is kept as unapplied cash.

    `amount` in pico-units. The same reference again is the same payment. Raises InvalidValue, PaymentDiffers,
    DocumentVoid.
    """
    at, named = clock.now(), checks.text(reference, field="reference", longest=140)
    with atomic():
        trees.lock_one(invoice.payer.tree_id)
        row = Invoice.objects.select_for_update().select_related("payer").get(pk=invoice.pk)
        zone = zone_named(row.payer.time_zone)
        _require_payable(amount, on, local_date(at, zone), row)
        identity = derived_id(row.issued_at, "payment", tenant_id(), row.id, Payment.Method.BANK_TRANSFER, named)
        if (known := _recorded_before(identity, amount, on)) is not None:
            return known
        if row.state == Invoice.State.VOID:
            raise DocumentVoid(f"{row.number} was voided; record the money for another document", field="number")
        applied = min(amount, max(0, invoicing.outstanding([row.id])[row.id]))
        facts = postings.CashFacts(
            id=identity,
            tenant_id=tenant_id(),
            about=row.id,
            payer_id=row.payer_id,
            currency=row.currency,
            gateway=Payment.Method.BANK_TRANSFER,
            amount=amount,
            effective_at=local_midnight(on, zone),
        )
        payment = _saved(facts, applied, row, named, on)
        entries = postings.received(facts, applied=applied)
        ids = ledger.open_accounts(accounts_of(entries))
        ledger.post_all(transfers(entries, ids.__getitem__, open_from=open_from()), at=at)
        invoicing.settle_if_paid(row, at=at, actor=actor)
        after = {"invoice": row.number, "amount": format_pico(amount), "applied": format_pico(applied)}
        audit.record(actor=actor, event=Event.PAYMENT_RECORDED, subject=payment, at=at, after=after)
        outbox.publish(event=Event.PAYMENT_RECORDED, subject=payment, at=at, payload=after)
    return payment


def _require_payable(amount: int, on: date, today: date, invoice: Invoice) -> None:
    digits = currency(invoice.currency).digits
    if amount <= 0:
        raise InvalidValue("must be more than zero", field="amount")
    if amount % 10 ** (PLACES - digits):
        raise InvalidValue(f"{invoice.currency} has {digits} decimals", field="amount")
    if on > today:
        raise InvalidValue(f"{on} is later than today, {today}", field="on")


def _recorded_before(identity: UUID, amount: int, on: date) -> Payment | None:
    known = Payment.objects.filter(pk=identity).first()
    if known is not None and (known.amount.amount, known.received_on) != (Decimal(format_pico(amount)), on):
        raise PaymentDiffers(
            f"{known.reference!r} was recorded as {format_pico(parse_pico(known.amount.amount))} "
            f"on {known.received_on}",
            field="reference",
        )
    return known


def _saved(facts: postings.CashFacts, applied: int, invoice: Invoice, reference: str, on: date) -> Payment:
    payment = Payment(
        id=facts.id,
        invoice=invoice,
        payer_id=facts.payer_id,
        method=Payment.Method.BANK_TRANSFER,
        reference=reference,
        currency=facts.currency,
        amount=Decimal(format_pico(facts.amount)),
        applied=Decimal(format_pico(applied)),
        received_on=on,
        recorded_at=clock.now(),
    )
    payment.save(force_insert=True)
    return payment
