"""Making a tenant's set-up what a book file declares, in one transaction; applying it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from typing import Any

from contracts import catalogue, services
from contracts.book import parties, text
from contracts.book.changes import Change
from contracts.book.schema import Book, Entry, read_book
from contracts.models import AmendmentRow, Plan, Product, Subscription
from contracts.overlap import own_subjects
from contracts.quantities import read_quantities
from contracts.selectors import change_of, subscription
from core.access import services as access
from core.access.scope import tenant_scope
from core.actor import Actor
from core.db.retry import retrying
from core.db.transaction import atomic
from core.errors import InvalidValue, Refusal
from core.models import Tenant
from customers import checks
from customers.models import Customer
from metering.definitions import MeterDefinition
from metering.models import Meter
from metering.services.meters import publish_meter


class BookRefused(Refusal):
    """A book file of which nothing was applied; `refusals` say why, each with its path."""

    code = "book_refused"

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(f"{len(refusals)} entries can't be applied; nothing was changed")
        self.refusals = refusals


class SubscriptionDiffers(Refusal):
    """A signed subscription is changed by amendments only."""

    code = "subscription_differs"


def apply(content: bytes, *, actor: Actor, dry_run: bool = False) -> list[Change]:
    """Applies a book file; what changed, nothing when it was applied before.

    Everything or nothing: raises BookRefused with every refusal that could be found. `dry_run` undoes it all.
    """
    book = read_book(text.read(content))
    if book.refusals:
        raise BookRefused(book.refusals)
    return retrying(lambda: _apply(book, actor, dry_run=dry_run))


def _apply(book: Book, actor: Actor, *, dry_run: bool) -> list[Change]:
    changes: list[Change] = []
    try:
        with atomic():
            tenant = _tenant(book.sections["tenant"][0], actor, changes)
            with tenant_scope(tenant.id):
                for section, step in _STEPS:
                    for entry in _in_order(section, book.sections[section]):
                        with _at(entry):
                            step(entry.fields, actor, changes)
            if dry_run:
                raise _Undo
    except _Undo:
        pass
    except Refusal as refusal:
        raise BookRefused([refusal]) from refusal
    return changes


class _Undo(Exception):
    """Takes back what a dry run did."""


@contextmanager
def _at(entry: Entry) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise refusal.at(entry.path) from refusal


def _in_order(section: str, entries: list[Entry]) -> list[Entry]:
    """Parents before children; other sections as written."""
    if section != "customers":
        return entries
    waiting, placed, ordered = list(entries), set[str](), list[Entry]()
    declared = {entry.fields["key"] for entry in entries}
    while waiting:
        ready = [one for one in waiting if one.fields.get("parent") not in declared - placed]
        if not ready:
            raise InvalidValue("is its own ancestor", field=f"{waiting[0].path}.parent")
        ordered += ready
        placed |= {one.fields["key"] for one in ready}
        waiting = [one for one in waiting if one not in ready]
    return ordered


def _tenant(entry: Entry, actor: Actor, changes: list[Change]) -> Tenant:
    fields = entry.fields
    with _at(entry):
        if fields["kind"] not in Tenant.Kind.values:
            raise InvalidValue("choose live or sandbox", field="kind")
        name = checks.text(fields["name"], field="name", longest=300)
        zone = checks.time_zone(fields.get("time_zone", "UTC"))
        known = Tenant.objects.filter(key=fields["key"]).first()
        if known is None:
            starts = fields.get("clock")
            made = access.open_tenant(
                key=checks.key(fields["key"]),
                name=name,
                kind=fields["kind"],
                actor=actor,
                clock_at=datetime.combine(starts, time(), UTC) if starts else None,
                time_zone=zone,
                metadata=fields.get("metadata", {}),
            )
            changes.append(Change("created", "tenant", made.key))
            return made
        if known.kind != fields["kind"]:
            raise access.TenantExists(f"the tenant is {known.kind}; that never changes", field="kind")
        metadata = fields.get("metadata", {})
        if changed := access.change_tenant(tenant=known, name=name, time_zone=zone, metadata=metadata, actor=actor):
            changes.append(Change("changed", "tenant", known.key, changed))
    return known


def _meter(fields: dict[str, Any], actor: Actor, changes: list[Change]) -> None:
    known = Meter.objects.filter(key=fields["key"]).first()
    definition = MeterDefinition(**fields)
    publish_meter(definition, actor=actor)
    if known is None:
        changes.append(Change("created", "meter", fields["key"]))
    elif any(getattr(known, name) != value for name, value in definition.description().items()):
        changes.append(Change("changed", "meter", fields["key"]))


def _product(fields: dict[str, Any], actor: Actor, changes: list[Change]) -> None:
    known = Product.objects.filter(key=fields["key"]).first()
    product = catalogue.create_product(
        key=fields["key"],
        name=fields["name"],
        tags=fields.get("tags", []),
        metadata=fields.get("metadata", {}),
        actor=actor,
    )
    if known is None:
        changes.append(Change("created", "product", product.key))
    elif (known.name, known.tags, known.metadata) != (product.name, product.tags, product.metadata):
        changes.append(Change("changed", "product", product.key))


def _plan(fields: dict[str, Any], actor: Actor, changes: list[Change]) -> None:
    known = Plan.objects.filter(key=fields["key"]).exists()
    catalogue.publish_plan(fields=catalogue.read_plan(fields), actor=actor)
    if not known:
        changes.append(Change("created", "plan", fields["key"]))


def _subscription(fields: dict[str, Any], actor: Actor, changes: list[Change]) -> None:
    customer = parties.customer_named(fields["customer"], "customer")
    assert customer is not None
    agreement = services.Agreement(
        key=fields["key"],
        plan=fields["plan"],
        start_on=fields["start"],
        anchor_on=fields.get("anchor", fields["start"]),
        quantities=read_quantities(fields.get("quantities", {})),
        subjects=tuple(fields.get("subjects", ())),
        metadata=fields.get("metadata", {}),
    )
    known = Subscription.objects.filter(key=agreement.key).first()
    if known is None:
        services.sign(customer=customer, agreement=agreement, actor=actor)
        changes.append(Change("created", "subscription", agreement.key))
    else:
        _require_signed(known, customer, agreement)


def _require_signed(known: Subscription, customer: Customer, agreement: services.Agreement) -> None:
    signature = AmendmentRow.objects.get(subscription=known, number=0)
    change = change_of(signature)
    plan = Plan.objects.get(versions=change.plan_version)
    for name, signed, wanted in (
        ("customer", known.customer_id, customer.id),
        ("plan", plan.key, agreement.plan),
        ("start", known.start_on, agreement.start_on),
        ("anchor", known.anchor_on, agreement.anchor_on),
        ("quantities", change.quantities, agreement.quantities),
        ("subjects", own_subjects(known) | set(agreement.subjects), own_subjects(known)),
    ):
        if signed != wanted:
            raise SubscriptionDiffers(
                f"the subscription {known.key!r} was signed otherwise; change it by an entry under amendments",
                field=name,
            )


def _amendment(fields: dict[str, Any], actor: Actor, changes: list[Change]) -> None:
    known = AmendmentRow.objects.filter(key=fields["key"]).exists()
    amended = services.AmendmentFields(
        key=checks.key(fields["key"]),
        effective_on=fields["effective"],
        reason=fields["reason"],
        plan=fields.get("plan"),
        quantities=read_quantities(fields.get("quantities", {})),
        end=fields.get("end", False),
        metadata=fields.get("metadata", {}),
    )
    services.amend(subscription=subscription(fields["subscription"]), fields=amended, actor=actor)
    if not known:
        changes.append(Change("created", "amendment", fields["key"]))


#: In the order in which one may refer to another; who pays is said once all customers are there.
_STEPS: tuple[tuple[str, Callable[[dict[str, Any], Actor, list[Change]], None]], ...] = (
    ("seller", parties.seller),
    ("customers", parties.customer),
    ("customers", parties.bill_to),
    ("meters", _meter),
    ("products", _product),
    ("plans", _plan),
    ("subscriptions", _subscription),
    ("amendments", _amendment),
)
