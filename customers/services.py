"""Every write about parties: customers, who pays for them, what usage means them, sellers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from core import audit, canonical, clock, outbox
from core.actor import Actor
from core.db.transaction import atomic
from core.errors import InvalidValue, Refusal
from core.events import Event
from core.models import new_id
from customers import checks, trees
from customers.models import BillTo, Customer, FrozenParty, Party, Seller, Tree


class CustomerDiffers(Refusal):
    """A field of a customer that can't be changed any more would change."""

    code = "customer_differs"


class NotInTree(Refusal):
    """Who pays must belong to the same tree: it is billed under one lock."""

    code = "not_in_tree"


class CustomerFields(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about a customer; checked when it is read into here by `read_customer`."""

    key: str
    name: str
    currency: str
    kind: str = Customer.Kind.ORGANIZATION.value
    time_zone: str = "UTC"
    locale: str = "en"
    terms_days: int = 30
    consolidate: bool = False
    email: str = ""
    address: dict[str, Any] = {}
    tax_ids: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}


#: Fields kept with the person, not with the books.
_PERSONAL = ("name", "email", "address", "tax_ids")
#: Who pays is dated by bill_to; a flag without a date would re-route what was due before.
_FIXED = ("currency", "consolidate")


def read_customer(fields: Mapping[str, Any]) -> CustomerFields:
    """The fields, checked. Raises InvalidValue naming the field."""
    kind = fields.get("kind", "organization")
    if kind not in Customer.Kind.values:
        raise InvalidValue(f"unknown kind {kind!r}: choose from {', '.join(Customer.Kind.values)}", field="kind")
    terms_days = fields.get("terms_days", 30)
    if not isinstance(terms_days, int) or isinstance(terms_days, bool) or not 0 <= terms_days <= 3650:
        raise InvalidValue("expected a whole number of days from 0 to 3650", field="terms_days")
    return CustomerFields(
        key=checks.key(fields["key"]),
        name=checks.text(fields["name"], field="name", longest=300),
        currency=checks.currency_code(fields["currency"]),
        kind=kind,
        time_zone=checks.time_zone(fields.get("time_zone", "UTC")),
        locale=checks.locale(fields.get("locale", "en")),
        terms_days=terms_days,
        consolidate=bool(fields.get("consolidate", False)),
        email=checks.text(fields.get("email", ""), field="email", longest=320, empty=True),
        address=checks.address(fields["address"]) if fields.get("address") else {},
        tax_ids=tuple(checks.vat_id(one, field=f"tax_ids[{i}]") for i, one in enumerate(fields.get("tax_ids", ()))),
        metadata=dict(fields.get("metadata", {})),
    )


def create_customer(*, fields: CustomerFields, parent: Customer | None, actor: Actor) -> Customer:
    """A new customer, at the root of a tree of its own or beneath `parent`."""
    at = clock.now()
    with atomic():
        identity = new_id()
        tree = trees.lock_one(parent.tree_id) if parent else Tree.objects.create(id=identity)
        kept = {name: getattr(fields, name) for name in fields.__struct_fields__ if name not in _PERSONAL}
        customer = Customer(id=identity, parent=parent, tree=tree, created_at=at, **kept)
        customer.save(force_insert=True)
        Party.objects.create(customer=customer, **_personal(fields))
        trees.mark(tree, earliest_at=at, cause=Event.CUSTOMER_CREATED, at=at)
        audit.record(actor=actor, event=Event.CUSTOMER_CREATED, subject=customer, at=at, after=_safe(fields))
        outbox.publish(event=Event.CUSTOMER_CREATED, subject=customer, at=at)
    return customer


def change_customer(*, customer: Customer, fields: CustomerFields, actor: Actor) -> None:
    """Sets the fields that may change. A change of zone acts from the end of what is already billed."""
    at = clock.now()
    if current_fields(customer) == fields:
        return
    with atomic():
        tree = trees.lock_one(customer.tree_id)
        row = Customer.objects.select_related("party").get(pk=customer.pk)
        before = current_fields(row)
        if before == fields:
            return
        for name in _FIXED:
            if getattr(before, name) != getattr(fields, name):
                raise CustomerDiffers(f"{name} can't be changed once the customer exists", field=name)
        for name in fields.__struct_fields__:
            setattr(row.party if name in _PERSONAL else row, name, _stored(getattr(fields, name)))
        row.save()
        row.party.save()
        trees.mark(tree, earliest_at=at, cause=Event.CUSTOMER_CHANGED, at=at)
        audit.record(
            actor=actor, event=Event.CUSTOMER_CHANGED, subject=row, at=at, before=_safe(before), after=_safe(fields)
        )
        outbox.publish(event=Event.CUSTOMER_CHANGED, subject=row, at=at)


def current_fields(customer: Customer) -> CustomerFields:
    """The customer's fields as they stand."""
    values = {
        name: getattr(customer.party if name in _PERSONAL else customer, name)
        for name in CustomerFields.__struct_fields__
    }
    return CustomerFields(**{**values, "tax_ids": tuple(values["tax_ids"])})


def set_bill_to(*, customer: Customer, payer: Customer, from_at: datetime, actor: Actor) -> None:
    """From `from_at` on `payer` pays for `customer`. Raises NotInTree where they belong to different trees."""
    at = clock.now()
    with atomic():
        tree = trees.lock_one(customer.tree_id)
        if payer.tree_id != customer.tree_id:
            raise NotInTree(f"{payer.key} is in another customer tree than {customer.key}", field="bill_to")
        latest = BillTo.objects.filter(customer=customer, from_at=from_at).order_by("-fact").first()
        if latest and latest.payer_id == payer.id:
            return
        fact = trees.mark(tree, earliest_at=from_at, cause=Event.CUSTOMER_BILL_TO_CHANGED, at=at)
        BillTo.objects.create(customer=customer, payer=payer, from_at=from_at, fact=fact)
        after = {"payer": payer.key, "from": from_at.isoformat()}
        audit.record(actor=actor, event=Event.CUSTOMER_BILL_TO_CHANGED, subject=customer, at=at, after=after)
        outbox.publish(event=Event.CUSTOMER_BILL_TO_CHANGED, subject=customer, at=at, payload=after)


def create_seller(*, fields: Mapping[str, Any], actor: Actor) -> Seller:
    """A new legal entity that issues documents. Raises InvalidValue naming the field."""
    at = clock.now()
    with atomic():
        seller = Seller(**read_seller(fields))
        seller.save(force_insert=True)
        audit.record(actor=actor, event=Event.SELLER_CREATED, subject=seller, at=at, after=dict(fields))
        outbox.publish(event=Event.SELLER_CREATED, subject=seller, at=at)
    return seller


def change_seller(*, seller: Seller, fields: Mapping[str, Any], actor: Actor) -> None:
    """Sets what is printed on documents issued from now on; issued ones keep what they show."""
    at = clock.now()
    with atomic():
        row = Seller.objects.select_for_update().get(pk=seller.pk)
        for name, value in read_seller(fields).items():
            setattr(row, name, value)
        row.save()
        audit.record(actor=actor, event=Event.SELLER_CHANGED, subject=row, at=at, after=dict(fields))
        outbox.publish(event=Event.SELLER_CHANGED, subject=row, at=at)


def read_seller(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The seller's columns from what was said. Raises InvalidValue naming the field."""
    rounding = fields.get("rounding", Seller.RoundingMode.HALF_EVEN.value)
    if rounding not in Seller.RoundingMode.values:
        raise InvalidValue(f"choose from {', '.join(Seller.RoundingMode.values)}", field="rounding")
    return {
        "key": checks.key(fields["key"]),
        "name": checks.text(fields["name"], field="name", longest=300),
        "country": checks.country(fields["country"]),
        "vat_id": checks.vat_id(fields["vat_id"], field="vat_id") if fields.get("vat_id") else "",
        "address": checks.address(fields["address"]) if fields.get("address") else {},
        "email": checks.text(fields.get("email", ""), field="email", longest=320, empty=True),
        "bank": checks.bank(fields["bank"]) if fields.get("bank") else {},
        "rounding": rounding,
        "series": checks.series(fields.get("series", "INV-{number:06}")),
        "metadata": dict(fields.get("metadata", {})),
    }


def freeze_parties(customers: Sequence[Customer]) -> dict[UUID, FrozenParty]:
    """The buyers as they stand now, each with a fresh salt, by customer id (billing rules §6.9)."""
    frozen = [_freeze(customer) for customer in customers]
    FrozenParty.objects.bulk_create(frozen)
    return {one.customer_id: one for one in frozen}


def buyer(customer: Customer) -> dict[str, Any]:
    """The customer as the `buyer` of a document (interfaces §4)."""
    party = customer.party
    empty = {"lines": [], "city": "", "postcode": "", "country": ""}
    return {"key": customer.key, "name": party.name, "address": {**empty, **party.address}, "tax_ids": party.tax_ids}


def freeze_body(customer: Customer) -> str:
    """The canonical text of the customer as a buyer."""
    return canonical.encode(buyer(customer))


def _freeze(customer: Customer) -> FrozenParty:
    body, salt = freeze_body(customer), secrets.token_bytes(16)
    return FrozenParty(customer=customer, salt=salt, body=body, digest=sha256(salt + body.encode()).hexdigest())


def _personal(fields: CustomerFields) -> dict[str, Any]:
    return {name: _stored(getattr(fields, name)) for name in _PERSONAL}


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _safe(fields: CustomerFields) -> dict[str, Any]:
    # The trail must not keep what may have to be erased.
    return {name: getattr(fields, name) for name in fields.__struct_fields__ if name not in _PERSONAL}
