"""The REST edge: documents as they were issued, their lines explained, drafts, and balances."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from itertools import islice
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from rest_framework.request import Request
from rest_framework.response import Response

from billing import explain
from billing.invoicing import view
from billing.invoicing.documents import digits_of
from billing.invoicing.rendering import PdfUnavailable
from billing.models import Invoice
from core import canonical, clock, pages
from core.access.scope import tenant_id
from core.access.views import TenantView
from core.currency import currency
from core.errors import InvalidValue
from core.money import format_pico
from core.problems import problem
from customers.models import Customer, Seller
from customers.selectors import customer
from ledger import selectors as books
from ledger.chart import Code

_SCOPE = "invoices:read"
_STATES = (Invoice.State.OPEN.value, Invoice.State.PAID.value, Invoice.State.VOID.value)
#: What a balance shows, and the sign that makes the usual side positive.
_BALANCES = {
    "receivable": (Code.ACCOUNTS_RECEIVABLE, 1),
    "unbilled": (Code.UNBILLED_RECEIVABLE, 1),
    "unapplied": (Code.UNAPPLIED_CASH, -1),
}


class InvoicesView(TenantView):
    """GET /v1/invoices: issued documents, the latest first."""

    required_scope = _SCOPE
    parameters = pages.PARAMETERS | {"customer", "status", "currency"}

    def get(self, request: Request) -> Response:
        rows = _chosen(request.query_params).select_related("payer").order_by("-sequence", "-id")
        place = pages.after(request.query_params, tuple[int, UUID])
        if place is not None:
            sequence, identity = place
            rows = rows.filter(Q(sequence__lt=sequence) | Q(sequence=sequence, id__lt=identity))
        limit = pages.limit(request.query_params)
        found = list(rows[: limit + 1])
        shown, last = found[:limit], found[limit - 1] if len(found) > limit else None
        return Response(pages.page(view.summarized(shown), following=last and (last.sequence, last.id)))


class InvoiceView(TenantView):
    """GET /v1/invoices/{number}: the canonical document with its present state."""

    required_scope = _SCOPE

    def get(self, request: Request, number: str) -> HttpResponseBase:
        content = canonical.encode(view.document(view.invoice(number))).encode()
        return _tagged(request, HttpResponse(content, content_type="application/json"))


class PdfView(TenantView):
    """GET /v1/invoices/{number}/pdf: the bytes that were kept when the document was issued."""

    required_scope = _SCOPE

    def get(self, request: Request, number: str) -> HttpResponseBase:
        try:
            content = view.pdf(view.invoice(number))
        except PdfUnavailable as refusal:
            return problem(503, refusal.code, refusal.detail)
        name = content_disposition_header(as_attachment=True, filename=f"{number}.pdf") or ""
        headers = {"Content-Disposition": name}
        return _tagged(request, HttpResponse(content, content_type=view.PDF, headers=headers))


class LineView(TenantView):
    """GET /v1/invoices/{number}/lines/{n}: the arithmetic of a line, and the charges behind it."""

    required_scope = _SCOPE

    def get(self, request: Request, number: str, position: int) -> Response:
        row = view.invoice(number)
        return Response(explain.as_json(explain.line(row, position), view.document(row)))


class LineEventsView(TenantView):
    """GET /v1/invoices/{number}/lines/{n}/events: the usage events that a line's quantity comes from.

    As they were recorded; `change` asks for those added or those taken away alone.
    """

    required_scope = _SCOPE
    parameters = pages.PARAMETERS | {"change"}

    def get(self, request: Request, number: str, position: int) -> Response:
        found = explain.line(view.invoice(number), position)
        limit, after = pages.limit(request.query_params), pages.after(request.query_params, int)
        asked = explain.events(found, after=after or 0, sign=_sign(request.query_params))
        events = list(islice(asked, limit + 1))
        shown = [explain.event_json(event, found.price) for event in events[:limit]]
        return Response(pages.page(shown, following=events[limit - 1].number if len(events) > limit else None))


def _sign(parameters: Mapping[str, str]) -> int:
    wanted = parameters.get("change")
    if wanted is not None and wanted not in explain.CHANGES:
        raise InvalidValue(f"choose from {', '.join(explain.CHANGES)}", field="change")
    return explain.CHANGES[wanted] if wanted else 0


class DraftsView(TenantView):
    """GET /v1/drafts: what is owed by now and on no document yet, as the document that it would make."""

    required_scope = _SCOPE
    parameters = pages.PARAMETERS | {"customer"}

    def get(self, request: Request) -> Response:
        payer, limit = _customer(request.query_params), pages.limit(request.query_params)
        place = pages.after(request.query_params, tuple[str, str])
        at = clock.now()
        accounts = [one for one in sorted(view.draft_accounts(at=at, customer=payer)) if not place or one[:2] > place]
        shown, more = accounts[:limit], len(accounts) > limit
        documents = view.draft_documents(at=at, accounts=shown) if shown and Seller.objects.exists() else []
        return Response(pages.page(documents, following=shown[-1][:2] if more else None))


class BalancesView(TenantView):
    """GET /v1/balances?customer=: what the ledger says of a customer, by currency."""

    required_scope = _SCOPE
    parameters = frozenset({"customer"})

    def get(self, request: Request) -> Response:
        found = _customer(request.query_params)
        if found is None:
            raise InvalidValue("is required", field="customer")
        return Response({"customer": found.key, "balances": balances(found)})


def balances(found: Customer) -> list[dict[str, str]]:
    """Receivable, unbilled and unapplied of each currency that the customer has accounts in."""
    accounts = books.identities(customer_id=found.id)
    ids = {account: account.id_in(tenant_id()) for account in accounts}
    stand = books.balances(ids.values())
    sums: dict[str, dict[str, int]] = {account.currency: dict.fromkeys(_BALANCES, 0) for account in accounts}
    for account in accounts:
        for name, (code, sign) in _BALANCES.items():
            if account.code == code:
                sums[account.currency][name] += sign * stand[ids[account]].net
    return [
        {"currency": code, **{name: format_pico(total, places=digits_of(code)) for name, total in several.items()}}
        for code, several in sorted(sums.items())
    ]


def _chosen(parameters: Mapping[str, str]) -> QuerySet[Invoice]:
    rows: QuerySet[Invoice] = Invoice.objects.exclude(state=Invoice.State.DRAFT)
    if payer := _customer(parameters):
        rows = rows.filter(payer=payer)
    if "status" in parameters:
        if parameters["status"] not in _STATES:
            raise InvalidValue(f"choose from {', '.join(_STATES)}", field="status")
        rows = rows.filter(state=parameters["status"])
    if "currency" in parameters:
        rows = rows.filter(currency=currency(parameters["currency"], field="currency").code)
    return rows


def _customer(parameters: Mapping[str, str]) -> Customer | None:
    return customer(parameters["customer"]) if "customer" in parameters else None


def _tagged(request: Request, response: HttpResponse) -> HttpResponseBase:
    """The response with a strong ETag of its bytes; 304 where the client has them already."""
    tag = f'"{sha256(response.content).hexdigest()}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    plain = request._request  # noqa: SLF001 - the plain request beneath DRF's
    conditional: HttpResponseBase = get_conditional_response(plain, etag=tag, response=response) or response
    return conditional
