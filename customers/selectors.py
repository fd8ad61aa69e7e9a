"""Every read about parties."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from core.errors import NotFound
from customers.models import BillTo, Customer, Seller
from customers.values import CustomerFacts


def customer(name: str) -> Customer:
    """The customer of that key or id, with its party. Raises NotFound."""
    rows = Customer.objects.select_related("party")
    found = rows.filter(key=name).first() or (rows.filter(pk=name).first() if _is_uuid(name) else None)
    if found is None:
        raise NotFound(f"there is no customer {name!r}", field="customer")
    return found


def seller() -> Seller:
    """Who issues this tenant's documents. Raises NotFound."""
    found = Seller.objects.order_by("id").first()
    if found is None:
        raise NotFound("the tenant has no seller yet: documents need one", field="seller")
    return found


def facts_of(tree_ids: Iterable[UUID], *, facts: dict[UUID, int] | None = None) -> dict[UUID, CustomerFacts]:
    """The customers of these trees by id; with `facts` (tree → fact number) who pays only as known up to then."""
    rows = Customer.objects.filter(tree__in=list(tree_ids)).order_by("id")
    bill_tos: dict[UUID, list[tuple[datetime, UUID]]] = {}
    known = BillTo.objects.filter(customer__tree__in=list(tree_ids)).order_by("fact")
    for one in known.values_list("customer_id", "customer__tree_id", "from_at", "payer_id", "fact"):
        if facts is None or one[4] <= facts[one[1]]:
            bill_tos.setdefault(one[0], []).append((one[2], one[3]))
    values = rows.values_list("id", "key", "tree_id", "parent_id", "time_zone", "consolidate")
    return {row[0]: CustomerFacts(*row, bill_tos=tuple(bill_tos.get(row[0], ()))) for row in values}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
