"""Pages of their own: a document, a line explained down to its events, and drafts as they stand."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin

from billing import explain
from billing.invoicing import rendering, view
from billing.invoicing.rendering import PdfUnavailable
from billing.models import Invoice
from billing.operators import events, words
from core import canonical, clock
from core.console.addresses import page
from core.console.shown import address_of, grouped, link, linked, money, number, quantity, table
from core.errors import Refusal
from core.money import parse_pico
from customers.models import Seller

_DRAFTS = 25
#: A document is a page of words: it loads nothing, runs nothing, and leads nowhere.
_DOCUMENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@page("billing/invoice/<uuid:pk>/page/", name="billing_invoice_page")
@xframe_options_sameorigin
def document(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The document as a page, to be framed."""
    return _document(view.html(_invoice(pk)))


@page("billing/invoice/<uuid:pk>/pdf/", name="billing_invoice_pdf")
def pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The PDF as it was kept when the document was issued."""
    row = _invoice(pk)
    try:
        content = view.pdf(row)
    except PdfUnavailable as refusal:
        messages.error(request, refusal.detail)
        return HttpResponseRedirect(address_of(row) or "")
    name = content_disposition_header(as_attachment=False, filename=f"{row.number}.pdf") or ""
    return HttpResponse(content, content_type=view.PDF, headers={"Content-Disposition": name})


@page("billing/invoice/<uuid:pk>/json/", name="billing_invoice_json")
def as_json(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The canonical document."""
    return HttpResponse(canonical.encode(view.document(_invoice(pk))), content_type="application/json")


@page("billing/invoice/<uuid:pk>/lines/<int:position>/", name="billing_invoice_explain")
def line(request: HttpRequest, pk: UUID, position: int) -> HttpResponse:
    """A line taken apart: the arithmetic, the charges, and a page of the events behind it."""
    row = _invoice(pk)
    try:
        found = explain.line(row, position)
    except Refusal as refusal:
        raise Http404(refusal.detail) from refusal
    told = explain.as_json(found, view.document(row))
    context = {
        **admin.site.each_context(request),
        "title": f"Line {position}",
        "subtitle": row.number,
        "object": row,
        "invoice": row,
        "line": told["line"],
        "figures": _figures(told["line"], row.currency),
        "arithmetic": _arithmetic(told["line"], row.currency),
        "charges": _charges(found, row.currency),
        "lists": events.lists(request, found, row.currency) if found.price.meter_id else [],
        "neighbors": _neighbors(row, position),
    }
    return render(request, "console/explain.html", context)


@page("billing/drafts/", name="billing_drafts")
def drafts(request: HttpRequest) -> HttpResponse:
    """What each payer owes by now and no document shows yet."""
    at = clock.now()
    paginator = Paginator(sorted(view.draft_accounts(at=at)), _DRAFTS)
    shown = paginator.get_page(request.GET.get("p"))
    accounts = list(shown.object_list)
    documents = view.draft_documents(at=at, accounts=accounts) if accounts and Seller.objects.exists() else []
    payers = {account.payer_key: account.payer_id for account in accounts}
    rows = [_draft_row(document, payers[document["buyer"]["key"]]) for document in documents]
    columns = ["Customer", "Name", "Period", "Lines", "So far"]
    empty = "Nothing is owed that no document shows. Charges are booked by a bill, and documents made at its cut-offs."
    context = {
        **admin.site.each_context(request),
        "title": "Drafts",
        "at": at,
        "page": shown,
        **table(columns, rows, right=["Lines", "So far"], empty=empty),
    }
    return render(request, "console/drafts.html", context)


@page("billing/drafts/<uuid:payer>/<str:currency>/", name="billing_draft")
def draft(request: HttpRequest, payer: UUID, currency: str) -> HttpResponse:
    """One draft as it stands."""
    document = _draft(payer, currency)
    context = {
        **admin.site.each_context(request),
        "title": f"Draft for {document['buyer']['key']}",
        "frame": reverse("admin:billing_draft_page", args=[payer, currency]),
    }
    return render(request, "console/draft.html", context)


@page("billing/drafts/<uuid:payer>/<str:currency>/page/", name="billing_draft_page")
@xframe_options_sameorigin
def draft_page(request: HttpRequest, payer: UUID, currency: str) -> HttpResponse:
    """The draft as the document that it would make, to be framed."""
    return _document(rendering.html(_draft(payer, currency)))


def _document(html: str) -> HttpResponse:
    return HttpResponse(html, headers={"Content-Security-Policy": _DOCUMENT_POLICY})


def _invoice(pk: UUID) -> Invoice:
    row: Invoice | None = Invoice.objects.select_related("payer", "party", "seller").filter(pk=pk).first()
    if row is None:
        raise Http404("there is no such document")
    return row


def _draft(payer: UUID, currency: str) -> dict[str, Any]:
    at = clock.now()
    accounts = [one for one in view.draft_accounts(at=at) if (one.payer_id, one.currency) == (payer, currency)]
    documents = view.draft_documents(at=at, accounts=accounts) if accounts else []
    if not documents:
        raise Http404("nothing is owed there that no document shows")
    return documents[0]


def _figures(line: dict[str, Any], currency: str) -> list[tuple[str, Any]]:
    return [
        ("Shown as", money(parse_pico(line["amount"]), currency)),
        ("Exactly", money(parse_pico(line["amount_exact"]), currency)),
        ("Quantity", words.counted(line["quantity"], line["unit"])),
        ("Service period", words.service(line["service_period"])),
        ("Subscription", line["subscription"]),
        ("Price", line["price"]),
        ("Dimensions", ", ".join(f"{name}: {value}" for name, value in line["dimensions"].items()) or "none"),
        ("Late usage", "yes" if line["late"] else "no"),
        ("Corrects", line["corrects"] or "no earlier document"),
    ]


def _arithmetic(line: dict[str, Any], currency: str) -> dict[str, Any]:
    columns = ["From", "To", "Quantity", "Unit amount", "Flat amount", "Amount"]
    rows = [
        [
            number("" if one["from"] is None else grouped(one["from"])),
            number("" if one["to"] is None else grouped(one["to"])),
            *(number(grouped(one[name])) for name in ("quantity", "unit_amount", "flat_amount", "amount")),
        ]
        for one in line["breakdown"]
    ]
    return table(columns, rows, right=columns, empty="There is nothing to add up.") | {
        "note": f"Amounts in {currency}."
    }


def _charges(found: explain.Evidence, currency: str) -> dict[str, Any]:
    columns = ["Charge", "Amount", "Quantity after", "Events after", "Usage up to batch", "Booked by"]
    rows = [
        [
            link(charge, f"#{charge.n}" + (" late" if charge.late else "")),
            money(charge.amount, currency),
            quantity(charge.quantity),
            number(f"{charge.event_count:,}"),
            number(charge.watermark),
            link(charge.run) if charge.run else "",
        ]
        for charge in found.charges
    ]
    return table(columns, rows, right=columns[1:5], empty="")


def _neighbors(row: Invoice, position: int) -> dict[str, str]:
    last = row.lines.count()
    near = {"previous": position - 1, "next": position + 1}
    return {name: words.explain_address(row.id, at) for name, at in near.items() if 1 <= at <= last}


def _draft_row(document: dict[str, Any], payer_id: UUID) -> list[Any]:
    currency, period = document["currency"], document["period"]
    address = reverse("admin:billing_draft", args=[payer_id, currency])
    return [
        linked(address, document["buyer"]["key"]),
        document["buyer"]["name"],
        words.days(date.fromisoformat(period["start"]), date.fromisoformat(period["end"])),
        number(len(document["lines"])),
        money(parse_pico(document["totals"]["gross"]), currency),
    ]
