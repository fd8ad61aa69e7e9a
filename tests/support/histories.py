"""Everything that can happen to a tenant, as values that are told to the books in one order or another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from billing.models import Charge, Invoice
from billing.runs import services as runs
from contracts import services as contracts
from contracts.models import Subscription
from contracts.quantities import read_quantities
from customers import subjects
from customers.models import Customer
from tests.support import world
from tests.support.world import TESTER

_SEATS = {"seats": "3"}


class Used(msgspec.Struct, frozen=True):
    """A usage event; telling it again is a duplicate."""

    id: str
    time: str
    subject: str
    data: Mapping[str, str]

    def tell(self) -> None:
        world.ingest(world.event(self.id, time=self.time, subject=self.subject, **self.data))


class Voided(msgspec.Struct, frozen=True):
    """A usage event taken back, perhaps before it came."""

    id: str

    def tell(self) -> None:
        world.void(self.id)


class Claimed(msgspec.Struct, frozen=True):
    """A usage subject that means a customer from a day on."""

    subject: str
    customer: str
    since: date

    def tell(self) -> None:
        owner = Customer.objects.get(key=self.customer)
        subjects.claim(subject=self.subject, customer=owner, from_at=world.instant(f"{self.since}"), actor=TESTER)


class Signed(msgspec.Struct, frozen=True):
    """A subscription, from a day that may long be past."""

    key: str
    customer: str
    plan: str
    start: date
    anchor: date

    def tell(self) -> None:
        agreement = contracts.Agreement(
            key=self.key,
            plan=self.plan,
            start_on=self.start,
            anchor_on=self.anchor,
            quantities=read_quantities(_SEATS),
        )
        if not Subscription.objects.filter(key=self.key).exists():
            contracts.sign(customer=Customer.objects.get(key=self.customer), agreement=agreement, actor=TESTER)


class Amended(msgspec.Struct, frozen=True):
    """A dated change of a subscription: seats, plan, or its end."""

    key: str
    subscription: str
    effective: date
    plan: str | None = None
    seats: str | None = None
    end: bool = False

    def tell(self) -> None:
        fields = contracts.AmendmentFields(
            key=self.key,
            effective_on=self.effective,
            reason="agreed",
            plan=self.plan,
            quantities=read_quantities({"seats": self.seats} if self.seats else {}),
            end=self.end,
        )
        contracts.amend(subscription=Subscription.objects.get(key=self.subscription), fields=fields, actor=TESTER)


class Billed(msgspec.Struct, frozen=True):
    """A run through a day, of everybody or of one customer's tree; or only a preview of it."""

    through: date
    customer: str | None = None
    preview: bool = False

    def tell(self) -> None:
        customer = Customer.objects.get(key=self.customer) if self.customer else None
        billing = runs.preview if self.preview else runs.bill
        outcome = billing(through=self.through, customer=customer, actor=TESTER)
        assert not outcome.parked, [(item.code, item.reason) for item in outcome.parked]


class TakenBack(msgspec.Struct, frozen=True):
    """A document voided, to be billed again: one of those that there are, if any."""

    place: int

    def tell(self) -> None:
        rows = list(Invoice.objects.exclude(state="void").order_by("sequence"))
        if rows:
            world.void_invoice(str(rows[self.place % len(rows)].number))


Fact = Used | Voided | Claimed | Signed | Amended
Happening = Fact | Billed | TakenBack
#: (subscription, plan and price, period, segment, dimensions, kind).
KeyName = tuple[str, str, datetime, datetime, str, str]


def booked() -> dict[KeyName, int]:
    """By charge key, in words that two tenants share: its pico-amount, where it is not nothing."""
    found: dict[KeyName, int] = defaultdict(int)
    for charge in Charge.objects.select_related("key__price__version__plan", "key__subscription"):
        found[_name(charge.key)] += charge.amount
    return {name: amount for name, amount in found.items() if amount}


def _name(key: Any) -> KeyName:
    price = f"{key.price.version.plan.key}.{key.price.key}"
    return (key.subscription.key, price, key.period_start, key.segment_start, str(key.dimensions), key.kind)
