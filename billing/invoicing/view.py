"""Documents as they are read: the issued ones whole, their renditions, and drafts as they stand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from billing.invoicing import documents, gathering, rendering, services, totals
from billing.invoicing.gathering import Wanted
from billing.models import Charge, Invoice, Rendition
from core.db.bulk import insert_once
from core.errors import NotFound
from core.money import format_pico, parse_pico
from customers.models import Customer
from customers.selectors import seller
from customers.services import freeze_body

PDF = "application/pdf"
HTML = "text/html"


def invoice(number: str) -> Invoice:
    """The document of that number. Raises NotFound."""
    found = Invoice.objects.select_related("payer", "party", "seller").filter(number=number).first()
    if found is None:
        raise NotFound(f"there is no invoice {number!r}", field="number")
    return found


def document(row: Invoice) -> dict[str, Any]:
    """The canonical document with the state that the ledger gives it now (interfaces §4)."""
    return _whole(row, status=row.state, due=due(row))


def due(row: Invoice) -> int:
    """What is left to pay of a document, in pico-units; nothing of a voided one."""
    return services.outstanding([row.id])[row.id] if row.state != Invoice.State.VOID else 0


def as_issued(row: Invoice) -> dict[str, Any]:
    """The document as it was sent: open, nothing paid. What is printed is this, for ever the same."""
    return _whole(row, status=Invoice.State.OPEN.value, due=parse_pico(row.gross.amount))


def html(row: Invoice) -> str:
    """The page of the document with its present state."""
    return rendering.html(document(row))


def pdf(row: Invoice) -> bytes:
    """The document's PDF, byte for byte as first rendered. Raises PdfUnavailable where pango is missing."""
    kept = Rendition.objects.filter(invoice=row, media_type=PDF).order_by("id").first()
    return bytes(kept.content) if kept else _keep(row, rendering.pdf(as_issued(row)))


class DraftAccount(NamedTuple):
    """Whose draft, in which currency."""

    payer_key: str
    currency: str
    payer_id: UUID


def draft_accounts(*, at: datetime, customer: Customer | None = None) -> list[DraftAccount]:
    """Who owes something by `at` that no document shows yet, by key and currency."""
    rows = Charge.objects.filter(claim__isnull=True, due_from__lte=at)
    rows = rows.filter(payer=customer) if customer else rows
    accounts = rows.values_list("payer__key", "currency", "payer_id").distinct().order_by("payer__key", "currency")
    return [DraftAccount(*account) for account in accounts]


def draft_documents(
    *, at: datetime, customer: Customer | None = None, accounts: Sequence[DraftAccount] | None = None
) -> list[dict[str, Any]]:
    """What each payer owes by `at` and no document shows yet; numbers and dates are null."""
    issuing = seller()
    chosen = draft_accounts(at=at, customer=customer) if accounts is None else accounts
    wanted = [Wanted(at, account.payer_id, account.currency) for account in chosen]
    payers = {
        row.id: row for row in Customer.objects.filter(pk__in=[one.payer_id for one in wanted]).select_related("party")
    }
    found = []
    for draft in gathering.drafts(wanted, seller=issuing):
        payer = payers[draft.payer_id]
        heading = documents.Heading(
            number=None, issued_on=None, due_on=None, terms_days=payer.terms_days, locale=payer.locale
        )
        summed = totals.of(draft.lines, services.tax_engine())
        form = documents.sealed(draft, summed, heading, seller=issuing, payer=payer, party_digest="")
        found.append(
            documents.whole(form, party=freeze_body(payer), status="draft", due=max(0, summed.gross), digest=None)
        )
    return found


def summary(row: Invoice, *, due: int) -> dict[str, Any]:
    """One entry of `invoices --json` (interfaces §4)."""
    form = json.loads(row.body)
    return {
        "number": row.number,
        "kind": row.kind,
        "status": row.state,
        "customer": row.payer.key,
        "currency": row.currency,
        "period": form["period"],
        "issued_on": form["issued_on"],
        "due_on": form["due_on"],
        "net": form["totals"]["net"],
        "tax": form["totals"]["tax"],
        "gross": form["totals"]["gross"],
        "due": format_pico(due, places=documents.digits_of(row.currency)),
        "digest": row.digest,
    }


def gross_text(row: Invoice) -> str:
    """The document's total as a decimal with the currency's own digits."""
    return format_pico(parse_pico(row.gross.amount), places=documents.digits_of(row.currency))


def summaries(*, customer: Customer | None = None) -> list[dict[str, Any]]:
    """All issued documents, or a payer's, in the order of their numbers."""
    rows = Invoice.objects.select_related("payer").order_by("sequence")
    return summarized(list(rows.filter(payer=customer) if customer else rows))


def summarized(rows: Sequence[Invoice]) -> list[dict[str, Any]]:
    """The summary of each document, with what the ledger says is left to pay."""
    left = services.outstanding([row.id for row in rows])
    return [summary(row, due=left[row.id] if row.state != Invoice.State.VOID else 0) for row in rows]


def draft_summary(form: dict[str, Any]) -> dict[str, Any]:
    """The same for a draft."""
    totals_ = form["totals"]
    return {
        **{name: form[name] for name in ("number", "kind", "status", "currency", "period", "issued_on", "due_on")},
        "customer": form["buyer"]["key"],
        **{name: totals_[name] for name in ("net", "tax", "gross", "due")},
        "digest": None,
    }


def _whole(row: Invoice, *, status: str, due: int) -> dict[str, Any]:
    form = json.loads(row.body)
    return documents.whole(form, party=row.party.body, status=status, due=due, digest=row.digest)


def _keep(row: Invoice, content: bytes) -> bytes:
    # Two at once render the same bytes: whoever is second keeps the first one's.
    key = {"invoice": row, "media_type": PDF, "renderer": rendering.pdf_renderer()}
    insert_once(Rendition(**key, content=content, digest=sha256(content).hexdigest()), **key)
    return content
