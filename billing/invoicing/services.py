"""Issuing documents from drafts, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from billing import charges
from billing.invoicing import documents, gathering, numbering, totals
from billing.invoicing.draft import Draft
from billing.models import Charge, Claim, CutOff, Invoice, InvoiceLine, Run
from billing.postings import documents as postings
from billing.tax.adapter import TaxEngine
from billing.tax.none import NoTax
from core import audit, canonical, clock, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.audit import Entry
from core.db.transaction import atomic
from core.errors import Refusal
from core.events import Event
from core.ids import derived_id
from core.money import format_pico, parse_pico
from core.outbox import Announcement
from core.period import local_date, zone_named
from customers import checks, trees
from customers.models import Customer, FrozenParty, Seller
from customers.services import freeze_parties
from ledger import selectors as books
from ledger.chart import Code, TransferCode
from ledger.entries import Entry as LedgerEntry


class AlreadyVoid(Refusal):
    """The document was taken back before."""

    code = "already_void"


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """When documents are issued, by whom, and in which run."""

    at: datetime
    actor: Actor
    run: Run | None = None


_DOCUMENT_CODES = (TransferCode.INVOICE_OPENED, TransferCode.TAX, TransferCode.INVOICE_VOIDED)
_PAYMENT_CODES = (TransferCode.PAYMENT, TransferCode.UNAPPLIED_APPLIED, TransferCode.PAYMENT_UNAPPLIED)


def finalize(drafts: Sequence[Draft], *, seller: Seller, issue: Issue) -> list[Invoice]:
    """Numbers the drafts, freezes them, claims their charges and books them: one document each.

    The caller holds the trees locked and has left out what is carried forward. Numbers are taken last.
    """
    payers = {
        row.id: row for row in Customer.objects.filter(pk__in={one.payer_id for one in drafts}).select_related("party")
    }
    parties = freeze_parties(list(payers.values()))
    numbers = numbering.take(seller=seller, kind="invoice", count=len(drafts))
    issue = _after_the_last(issue, seller)
    invoices = [
        _invoice(draft, seller, payers[draft.payer_id], parties[draft.payer_id], sequence, issue)
        for draft, sequence in zip(drafts, numbers, strict=True)
    ]
    Invoice.objects.bulk_create(invoices)
    InvoiceLine.objects.bulk_create(
        [line for draft, row in zip(drafts, invoices, strict=True) for line in _lines(draft, row)], batch_size=2000
    )
    _claim([(charge, row) for draft, row in zip(drafts, invoices, strict=True) for charge in _charge_ids(draft)])
    entries = [entry for draft, row in zip(drafts, invoices, strict=True) for entry in _opening(draft, row)]
    charges.post(entries, at=issue.at)
    _tell(invoices, Event.INVOICE_FINALIZED, issue)
    _settle_empty(invoices, issue)
    return invoices


def _after_the_last(issue: Issue, seller: Seller) -> Issue:
    """The same, not dated before the last document of the series, which another run may have issued meanwhile."""
    last = Invoice.objects.filter(seller=seller, kind="invoice").order_by("-sequence").first()
    return msgspec.structs.replace(issue, at=max(issue.at, last.issued_at)) if last else issue


def void(*, invoice: Invoice, voided_as: str, reason: str, actor: Actor) -> Invoice:
    """Takes a document back as rebill: its charges are reversed, so that they are due again (billing rules §6.6).

    What was paid moves to unapplied cash. The reversals are claimed by the voided document itself.
    Raises AlreadyVoid, InvalidValue without a reason.
    """
    at = clock.now()
    checks.text(reason, field="reason", longest=2000)
    with atomic():
        tree = trees.lock_one(invoice.payer.tree_id)
        row = Invoice.objects.select_for_update().get(pk=invoice.pk)
        if row.state == Invoice.State.VOID:
            if (row.voided_as, row.void_reason) == (voided_as, reason):
                return row
            raise AlreadyVoid(f"{row.number} was voided before: {row.void_reason}", field="number")
        claimed = gathering.claimed_charges(row)
        charges.post(postings.voided(_facts(row, claimed), paid=paid(row)), at=at)
        earliest = min(charge.key.period_start for charge in claimed)
        fact = trees.mark(tree, earliest_at=earliest, cause=Event.INVOICE_VOIDED, at=at)
        reversals = charges.reverse(claimed, fact=fact, at=at)
        _claim([(reversal.id, row) for reversal in reversals])
        row.void(voided_as=voided_as, reason=reason)
        row.save()
        CutOff.objects.filter(invoice=row).update(outcome=CutOff.Outcome.REOPENED)
        _tell([row], Event.INVOICE_VOIDED, Issue(at=at, actor=actor), reason=reason)
    return row


def settle_if_paid(invoice: Invoice, *, at: datetime, actor: Actor) -> bool:
    """Marks the document paid where the ledger says that nothing is left; whether it did. The caller holds its row."""
    if invoice.state != Invoice.State.OPEN or outstanding([invoice.id])[invoice.id] > 0:
        return False
    invoice.settle()
    invoice.save()
    _tell([invoice], Event.INVOICE_PAID, Issue(at=at, actor=actor))
    return True


def outstanding(invoice_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What is left to pay of each document, by its movements on 1100; pico-units."""
    moved = books.booked(invoice_ids, accounts=(Code.ACCOUNTS_RECEIVABLE,), codes=(*_DOCUMENT_CODES, *_PAYMENT_CODES))
    return {identity: moved[identity].amount if identity in moved else 0 for identity in invoice_ids}


def paid(invoice: Invoice) -> int:
    """What was paid of the document and not taken back, by its movements on 1100; pico-units."""
    moved = books.booked([invoice.id], accounts=(Code.ACCOUNTS_RECEIVABLE,), codes=_PAYMENT_CODES)
    return -moved[invoice.id].amount if invoice.id in moved else 0


def tax_engine() -> TaxEngine:
    """The engine that assesses this tenant's documents."""
    return NoTax()


def _invoice(draft: Draft, seller: Seller, payer: Customer, party: FrozenParty, sequence: int, issue: Issue) -> Invoice:
    issued_on = local_date(issue.at, zone_named(payer.time_zone))
    due_on = issued_on + timedelta(days=payer.terms_days)
    heading = documents.Heading(
        number=numbering.written(seller=seller, sequence=sequence),
        issued_on=issued_on,
        due_on=due_on,
        terms_days=payer.terms_days,
        locale=payer.locale,
    )
    summed = totals.of(draft.lines, tax_engine())
    form = documents.sealed(draft, summed, heading, seller=seller, payer=payer, party_digest=party.digest)
    row = Invoice(
        id=_document_id(draft, sequence),
        number=heading.number,
        sequence=sequence,
        seller=seller,
        payer=payer,
        party=party,
        currency=draft.currency,
        cut_off_at=draft.cut_off_at,
        period_start=form["period"]["start"],
        period_end=form["period"]["end"],
        issued_on=issued_on,
        issued_at=issue.at,
        due_on=due_on,
        net=_decimal(summed.net),
        tax=_decimal(summed.tax),
        gross=_decimal(summed.gross),
        body=canonical.encode(form),
        digest=documents.digest(form),
        run=issue.run,
    )
    row.open()
    return row


def _document_id(draft: Draft, sequence: int) -> UUID:
    return derived_id(draft.cut_off_at, "invoice", tenant_id(), draft.payer_id, draft.currency, sequence)


def _lines(draft: Draft, invoice: Invoice) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            invoice=invoice,
            position=position,
            key_id=line.key_id,
            description=documents.describe(line),
            exact=_decimal(line.exact),
            currency=draft.currency,
            amount=_decimal(line.amount),
        )
        for position, line in enumerate(draft.lines, start=1)
    ]


def _charge_ids(draft: Draft) -> list[UUID]:
    return [identity for line in draft.lines for identity in line.charge_ids]


def _claim(pairs: Sequence[tuple[UUID, Invoice]]) -> None:
    Claim.objects.bulk_create([Claim(charge_id=charge, invoice=invoice) for charge, invoice in pairs], batch_size=5000)


def _opening(draft: Draft, invoice: Invoice) -> list[LedgerEntry]:
    summed = totals.of(draft.lines, tax_engine())
    return postings.opened(
        postings.DocumentFacts(
            id=invoice.id,
            tenant_id=tenant_id(),
            payer_id=draft.payer_id,
            currency=draft.currency,
            exact=draft.exact,
            net=summed.net,
            tax=summed.tax,
            effective_at=invoice.issued_at,
        )
    )


def _facts(invoice: Invoice, claimed: Sequence[Charge]) -> postings.DocumentFacts:
    return postings.DocumentFacts(
        id=invoice.id,
        tenant_id=tenant_id(),
        payer_id=invoice.payer_id,
        currency=invoice.currency,
        exact=sum(charge.amount for charge in claimed),
        net=_pico(invoice.net.amount),
        tax=_pico(invoice.tax.amount),
        effective_at=clock.now(),
    )


def _settle_empty(invoices: Sequence[Invoice], issue: Issue) -> None:
    """A document that comes to nothing is paid as soon as it is issued."""
    for row in invoices:
        if row.gross.amount == 0:
            settle_if_paid(row, at=issue.at, actor=issue.actor)


def _tell(invoices: Sequence[Invoice], event: Event, issue: Issue, *, reason: str = "") -> None:
    facts = [{"number": row.number, "gross": format_pico(_pico(row.gross.amount))} for row in invoices]
    pairs = list(zip(invoices, facts, strict=True))
    entries = [Entry(event=event, subject=row, after=after, reason=reason) for row, after in pairs]
    audit.record_many(entries, actor=issue.actor, at=issue.at)
    outbox.publish_many([Announcement(event=event, subject=row, payload=after) for row, after in pairs], at=issue.at)


def _decimal(pico: int) -> Decimal:
    return Decimal(format_pico(pico))


def _pico(amount: Decimal) -> int:
    return parse_pico(amount)
