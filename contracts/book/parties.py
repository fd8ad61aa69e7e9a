"""A book file's seller and customers, their subjects, and who pays."""

from __future__ import annotations

from typing import Any

from contracts.book.changes import Change
from core import clock
from core.actor import Actor
from core.errors import NotFound, Refusal
from core.period import BEGINNING
from customers import selectors, services, subjects
from customers.models import BillTo, Claim, Customer, Seller


class SellerDiffers(Refusal):
    """A tenant's documents come from one legal entity."""

    code = "seller_differs"


def seller(fields: dict[str, Any], actor: Actor, changes: list[Change]) -> None:
    wanted = services.read_seller(fields)
    known = Seller.objects.filter(key=fields["key"]).first()
    if known is None and (other := Seller.objects.first()) is not None:
        raise SellerDiffers(f"the tenant's documents are issued by {other.key!r}; a tenant has one seller", field="key")
    if known is None:
        services.create_seller(fields=fields, actor=actor)
        changes.append(Change("created", "seller", fields["key"]))
        return
    differing = tuple(name for name, value in wanted.items() if getattr(known, name) != value)
    if differing:
        services.change_seller(seller=known, fields=fields, actor=actor)
        changes.append(Change("changed", "seller", known.key, differing))


def customer(fields: dict[str, Any], actor: Actor, changes: list[Change]) -> None:
    wanted = services.read_customer(fields)
    known = Customer.objects.select_related("party", "parent").filter(key=wanted.key).first()
    parent = customer_named(fields.get("parent"), "parent")
    if known is None:
        known = services.create_customer(fields=wanted, parent=parent, actor=actor)
        changes.append(Change("created", "customer", wanted.key))
    else:
        if known.parent_id != (parent.id if parent else None):
            raise services.CustomerDiffers("the parent can't be changed once the customer exists", field="parent")
        before = services.current_fields(known)
        services.change_customer(customer=known, fields=wanted, actor=actor)
        differing = [name for name in wanted.__struct_fields__ if getattr(before, name) != getattr(wanted, name)]
        if differing:
            changes.append(Change("changed", "customer", wanted.key, tuple(differing)))
    for i, name in enumerate(fields.get("subjects", ())):
        _claim(known, name, f"subjects[{i}]", actor, changes)


def _claim(customer: Customer, name: str, field: str, actor: Actor, changes: list[Change]) -> None:
    before = Claim.objects.filter(customer=customer).count()
    try:
        subjects.claim(subject=name, customer=customer, actor=actor)
    except Refusal as refusal:
        refusal.field = field
        raise
    if Claim.objects.filter(customer=customer).count() > before:
        changes.append(Change("created", "subject", name))


def bill_to(fields: dict[str, Any], actor: Actor, changes: list[Change]) -> None:
    """Who pays: from the beginning where nobody was named yet, from now on where that changes."""
    if "bill_to" not in fields:
        return
    customer = selectors.customer(fields["key"])
    payer = customer_named(fields["bill_to"], "bill_to")
    latest = BillTo.objects.filter(customer=customer).order_by("-from_at", "-fact").first()
    if (latest.payer_id if latest else None) == (payer.id if payer else None) or (payer is None and latest is None):
        return
    # Naming nobody again means that the customer pays.
    services.set_bill_to(
        customer=customer, payer=payer or customer, from_at=clock.now() if latest else BEGINNING, actor=actor
    )
    changes.append(Change("changed", "customer", customer.key, ("bill_to",)))


def customer_named(key: str | None, field: str) -> Customer | None:
    if key is None:
        return None
    found = Customer.objects.filter(key=key).first()
    if found is None:
        raise NotFound(f"there is no customer {key!r}", field=field)
    return found
