"""What customers add to the console's pages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from core.console.finding import by_id, by_key, finder
from core.console.panels import panel
from core.console.shown import NOTHING, instant, link, table
from customers.models import BillTo, Claim, Customer, Seller

_SHOWN = 50


@finder(order=20)
def found(text: str) -> Iterable[Model]:
    return chain(by_key(text, Customer, Seller), by_id(text, Customer))


@finder(order=70)
def by_subject(text: str) -> Iterable[Model]:
    return Claim.objects.filter(subject__name=text).select_related("subject", "customer").order_by("id")


@panel("customers.customer", order=30, title="Usage subjects")
def subjects(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    claims = Claim.objects.filter(customer=customer).select_related("subject").order_by("subject__name", "from_at")
    rows = [
        [
            link(claim, claim.subject.name),
            "one subscription" if claim.subscription_id else "the customer",
            "always" if claim.from_at.year < 1970 else instant(claim.from_at),
            instant(claim.to_at) if claim.to_at else "open",
        ]
        for claim in claims[:_SHOWN]
    ]
    empty = "No usage is counted for this customer until they claim a subject in the book file."
    return table(["Subject", "Means", "From", "Until"], rows, empty=empty)


@panel("customers.customer", order=60, title="Family")
def family(request: HttpRequest, customer: Customer) -> dict[str, Any] | None:
    children = list(Customer.objects.filter(parent=customer).select_related("party").order_by("key")[:_SHOWN])
    payers = list(BillTo.objects.filter(customer=customer).select_related("payer").order_by("from_at"))
    if not children and not payers:
        return None
    rows = [["Child", link(child), child.party.name, NOTHING] for child in children]
    rows += [["Paid for by", link(row.payer), NOTHING, instant(row.from_at)] for row in payers]
    return table(["", "Customer", "Name", "From"], rows, empty="")
