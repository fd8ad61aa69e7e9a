"""What payments add to the console's pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from billing.models import Invoice
from core.console.panels import panel
from core.console.shown import address_of_list, link, money_of, table
from customers.models import Customer
from payments.models import Payment

_FEW = 12


@panel("billing.invoice", order=30, title="Payments")
def of_invoice(request: HttpRequest, invoice: Invoice) -> dict[str, Any]:
    empty = "None yet. Record a bank transfer: bin/manage pay NUMBER --tenant … --amount … --on … --reference …"
    return _payments(Payment.objects.filter(invoice=invoice), empty=empty)


@panel("customers.customer", order=50, title="Payments")
def of_customer(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    more = (address_of_list(Payment, payer__id__exact=customer.pk), "All payments")
    return _payments(Payment.objects.filter(payer=customer), empty="None was received yet.", more=more)


def _payments(chosen: Any, *, empty: str, more: tuple[str, str] | None = None) -> dict[str, Any]:
    rows = [
        [
            link(payment, payment.reference),
            payment.received_on,
            link(payment.invoice),
            payment.get_method_display(),
            money_of(payment.amount.amount, payment.currency),
            money_of(payment.applied.amount, payment.currency),
        ]
        for payment in chosen.select_related("invoice").order_by("-received_on", "-id")[:_FEW]
    ]
    columns = ["Reference", "Received", "Invoice", "Method", "Amount", "Applied"]
    return table(columns, rows, right=columns[4:], empty=empty, more=more if len(rows) == _FEW else None)
