"""What billing adds to records' pages: its own, the customer's and the subscription's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from billing.invoicing import services
from billing.models import Charge, ChargeKeyRow, Invoice, InvoiceLine, Run, RunItem
from billing.operators import words
from contracts.models import Subscription
from core import clock
from core.access.scope import tenant_id
from core.console.finding import by_id, finder
from core.console.panels import panel
from core.console.shown import address_of_list, day, figure, instant, link, money, money_of, number, quantity, table
from customers.models import Customer
from ledger import selectors as books
from ledger.chart import account_name, transfer_name

_SHOWN = 100
_FEW = 12


def facts(invoice: Invoice) -> dict[str, Any]:
    """What stands at the head of a document's page."""
    left = words.left_to_pay([invoice])[invoice.id]
    gross, paid = invoice.gross.amount, services.paid(invoice)
    overdue = left > 0 and invoice.due_on < clock.now().date()
    figures = [
        ("Net", money_of(invoice.net.amount, invoice.currency)),
        ("Tax", money_of(invoice.tax.amount, invoice.currency)),
        ("Gross", money_of(gross, invoice.currency)),
        ("Paid", money(paid, invoice.currency)),
        ("Left to pay", money(left, invoice.currency)),
    ]
    return {"figures": figures, "state": words.state_of(invoice), "overdue": overdue}


@finder(order=10)
def found(text: str) -> Iterable[Model]:
    numbered = Invoice.objects.filter(number__in={text, text.upper()})
    return chain(numbered, by_id(text, Invoice, ChargeKeyRow, Charge, Run))


@panel("billing.invoice", order=10, title="Lines")
def lines(request: HttpRequest, invoice: Invoice) -> dict[str, Any]:
    chosen = invoice.lines.select_related("key__subscription").order_by("position")
    sealed = json.loads(invoice.body)["lines"]
    rows = [
        [
            line.position,
            line.description,
            link(line.key.subscription),
            words.service(sealed[line.position - 1]["service_period"]),
            number(words.counted(sealed[line.position - 1]["quantity"], sealed[line.position - 1]["unit"])),
            money_of(line.amount.amount, line.currency),
            words.explain_link(line),
        ]
        for line in chosen[:_SHOWN]
    ]
    all_of_them = address_of_list(InvoiceLine, invoice__id__exact=invoice.pk)
    more = (all_of_them, f"All {len(sealed)} lines") if len(sealed) > _SHOWN else None
    columns = ["#", "Description", "Subscription", "Service period", "Quantity", "Amount", ""]
    return table(columns, rows, right=["Quantity", "Amount"], empty="It has no lines.", more=more)


@panel("billing.invoice", order=20, title="In the ledger")
def entries(request: HttpRequest, invoice: Invoice) -> dict[str, Any]:
    rows = [
        [
            link(transfer, instant(transfer.effective_at)),
            transfer_name(transfer.code),
            link(transfer.debit_account),
            link(transfer.credit_account),
            money(transfer.amount, invoice.currency),
        ]
        for transfer in books.transfers_of(invoice.id)[:_SHOWN]
    ]
    columns = ["Effective", "For", "Debit", "Credit", "Amount"]
    return table(columns, rows, right=["Amount"], empty="A document that comes to nothing moves nothing.")


@panel("billing.invoice", order=40, title="The document", template="console/document.html")
def document(request: HttpRequest, invoice: Invoice) -> dict[str, Any]:
    return {"frame": reverse("admin:billing_invoice_page", args=[invoice.pk]), "name": str(invoice)}


@panel("billing.run", order=10, title="Items")
def items(request: HttpRequest, run: Run) -> dict[str, Any]:
    chosen = run.items.order_by("state", "cut_off_at", "id")
    shown = list(chosen[:_SHOWN])
    roots = words.roots(item.tree_id for item in shown)
    rows = [
        [
            link(item, roots[item.tree_id].key if item.tree_id in roots else item.tree_id),
            words.state_of(item),
            instant(item.cut_off_at),
            words.sums(item.expected),
            f"{item.code}: {item.reason}" if item.code else "",
        ]
        for item in shown
    ]
    more = (address_of_list(RunItem, run__id__exact=run.pk), "All items") if chosen.count() > _SHOWN else None
    columns = ["Customer", "State", "Cut-off", "Expected", "Parked because"]
    return table(columns, rows, empty="Nobody was due.", more=more)


@panel("billing.run", order=20, title="Invoices")
def issued(request: HttpRequest, run: Run) -> dict[str, Any]:
    return _invoices(run.invoices.order_by("-sequence"), empty="It issued none.")


@panel("billing.chargekeyrow", order=10, title="Charges")
def charges(request: HttpRequest, key: ChargeKeyRow) -> dict[str, Any]:
    chosen = key.charges.select_related("claim__invoice", "run").order_by("n")
    rows = [
        [
            link(charge, f"#{charge.n}"),
            instant(charge.booked_at),
            money(charge.amount, charge.currency),
            quantity(charge.quantity),
            link(charge.claim.invoice) if hasattr(charge, "claim") else "on none yet",
            link(charge.run),
        ]
        for charge in chosen[:_SHOWN]
    ]
    columns = ["Charge", "Booked", "Amount", "Quantity after", "Document", "Run"]
    return table(columns, rows, right=["Amount", "Quantity after"], empty="Nothing was booked under it.")


@panel("customers.customer", order=20, title="Balances")
def balances(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    accounts = books.identities(customer_id=customer.id)
    ids = {account: account.id_in(tenant_id()) for account in accounts}
    stand = books.balances(ids.values())
    rows = [
        [
            _account(account.code, account.sub),
            account.currency,
            figure(stand[ids[account]].debits_posted, account.currency),
            figure(stand[ids[account]].credits_posted, account.currency),
            money(stand[ids[account]].net, account.currency),
        ]
        for account in accounts
    ]
    columns = ["Account", "Currency", "Debits", "Credits", "Balance"]
    empty = "Nothing was booked for this customer yet."
    return table(columns, rows, right=columns[2:], empty=empty)


@panel("customers.customer", order=40, title="Invoices")
def invoices(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    more = (address_of_list(Invoice, payer__id__exact=customer.pk), "All invoices")
    chosen = Invoice.objects.filter(payer=customer).order_by("-sequence")
    return _invoices(chosen, empty="None was issued to this customer yet.", more=more, payer=False)


@panel("contracts.subscription", order=20, title="Charge keys")
def keys(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    chosen = subscription.charge_keys.select_related("price", "payer").order_by(
        "-period_start", "price__position", "id"
    )
    zone = subscription.customer.time_zone
    rows = []
    for key in chosen[:_SHOWN]:
        booked = sum(key.charges.values_list("amount", flat=True))
        when = [day(key.period_start, zone), day(key.segment_start, zone)]
        rows.append([link(key, key.price), *when, words.dimensions(key), link(key.payer), money(booked, key.currency)])
    columns = ["Price", "Period from", "Segment from", "Dimensions", "Payer", "Booked"]
    more = (address_of_list(ChargeKeyRow, subscription__id__exact=subscription.pk), "All charge keys")
    empty = "Nothing was charged for it yet."
    return table(columns, rows, right=["Booked"], empty=empty, more=more if chosen.count() > _SHOWN else None)


def _invoices(chosen: Any, *, empty: str, more: tuple[str, str] | None = None, payer: bool = True) -> dict[str, Any]:
    shown = list(chosen.select_related("payer")[:_FEW])
    left = words.left_to_pay(shown)
    rows = [
        [
            link(row),
            words.state_of(row),
            *([link(row.payer)] if payer else []),
            words.days(row.period_start, row.period_end),
            row.due_on.isoformat(),
            money_of(row.gross.amount, row.currency),
            money(left[row.id], row.currency),
        ]
        for row in shown
    ]
    columns = ["Number", "State", *(["Customer"] if payer else []), "Period", "Due", "Gross", "Left to pay"]
    return table(columns, rows, right=columns[-2:], empty=empty, more=more if len(shown) == _FEW else None)


def _account(code: int, sub: str) -> str:
    return " ".join(part for part in (str(code), account_name(code), sub) if part)
