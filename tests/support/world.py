"""Books for tests: a book file, usage, bills, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import yaml

from billing.invoicing import view
from billing.invoicing.services import void as void_document
from billing.models import Charge, Invoice, InvoiceLine
from billing.runs import services as runs
from billing.runs.applying import Outcome
from contracts.book import applying
from contracts.book.changes import Change
from contracts.models import Subscription
from contracts.quantities import read_quantities
from contracts.services import AmendmentFields, amend
from core.access.scope import tenant_id
from core.actor import Actor
from core.models import Tenant
from core.money import format_pico
from customers.models import Seller
from ledger import selectors as books
from metering.incoming import read
from metering.models import Batch
from metering.receipts import Receipt
from metering.services.ingestion import ingest as ingest_batch
from metering.services.voiding import void_event

TESTER = Actor(kind="command", name="tests")
SOURCE = "tests"


def apply(sections: Mapping[str, Any], *, dry_run: bool = False) -> list[Change]:
    """Applies a book file made of the sections, for the tenant in scope; a section of None is left out."""
    tenant = Tenant.objects.get(pk=tenant_id())
    own = {"tenant": {"key": tenant.key, "name": tenant.name, "kind": tenant.kind}}
    seller = {"key": "seller", "name": "Acme AI GmbH", "country": "DE"}
    book = {name: section for name, section in {**own, "seller": seller, **sections}.items() if section is not None}
    return applying.apply(_yaml(book), actor=TESTER, dry_run=dry_run)


def _yaml(value: Any) -> bytes:
    # Every text is quoted, so that "12.00" stays a text; days and flags are written plain.
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
    return yaml.dump(value, Dumper=Dumper, sort_keys=False).encode()


def customer(key: str = "c-01", **fields: Any) -> dict[str, Any]:
    """A customer whose usage subject is its key."""
    return {"key": key, "name": f"{key} Inc", "currency": "USD", "subjects": [key], **fields}


def plan(key: str, prices: Iterable[Mapping[str, Any]], **fields: Any) -> dict[str, Any]:
    """A monthly plan in USD."""
    made = [{"product": "product", **price} for price in prices]
    return {"key": key, "currency": "USD", "interval": "month", "prices": made, **fields}


def event(id: str, *, time: str, subject: str = "c-01", type: str = "used", **data: Any) -> dict[str, Any]:
    """A CloudEvent."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": SOURCE,
        "type": type,
        "subject": subject,
        "time": time,
        "data": data,
    }


def ingest(*events: Mapping[str, Any]) -> Receipt:
    """Takes the events in as one batch."""
    raw = [json.dumps(one).encode() for one in events]
    digest = sha256(b"".join(raw)).digest()
    return ingest_batch([read(one) for one in raw], actor=TESTER, kind=Batch.Kind.HTTP, request_digest=digest)


def void(id: str, reason: str = "sent by mistake") -> None:
    void_event(source=SOURCE, id=id, reason=reason, actor=TESTER)


def bill(through: str, *, parked: int = 0) -> Outcome:
    """Bills through the start of a day; unless a test expects it, nothing may be parked."""
    outcome = runs.bill(through=date.fromisoformat(through), actor=TESTER)
    assert len(outcome.parked) == parked, [(item.code, item.reason) for item in outcome.parked]
    return outcome


def change(
    subscription: str = "s-01",
    *,
    on: str,
    plan: str | None = None,
    end: bool = False,
    reason: str = "agreed",
    **quantities: str,
) -> None:
    """Amends a subscription from a day on."""
    fields = AmendmentFields(
        effective_on=date.fromisoformat(on),
        reason=reason,
        plan=plan,
        end=end,
        quantities=read_quantities(quantities),
    )
    amend(subscription=Subscription.objects.get(key=subscription), fields=fields, actor=TESTER)


def exact() -> dict[str, str]:
    """By price key and segment's day: what is booked under each charge key, where it is not nothing."""
    sums: dict[str, int] = {}
    for charge in Charge.objects.select_related("key__price", "key__subscription").order_by("key", "n"):
        key = charge.key
        dimensions = "".join(f" {name}={value}" for name, value in key.dimensions)
        name = (
            f"{key.subscription.key} {key.price.version.plan.key}.{key.price.key} {key.segment_start:%m-%d}{dimensions}"
        )
        sums[name] = sums.get(name, 0) + charge.amount
    return {name: format_pico(amount) for name, amount in sorted(sums.items()) if amount}


def total_booked() -> str:
    return format_pico(sum(Charge.objects.values_list("amount", flat=True)))


def invoices() -> list[tuple[str, str, str]]:
    """(number, state, gross) of each document, in order."""
    return [(str(row.number), row.state, f"{row.gross.amount:.2f}") for row in Invoice.objects.order_by("sequence")]


def lines(number: str) -> list[tuple[str, str]]:
    """(description, amount) of each line of a document."""
    rows = InvoiceLine.objects.filter(invoice__number=number).order_by("position")
    return [(row.description, f"{row.amount.amount:.2f}") for row in rows]


def document(number: str) -> dict[str, Any]:
    """The canonical document."""
    return view.document(Invoice.objects.get(number=number))


def balance(code: int) -> str:
    """The signed balance of all accounts of a code, in whatever currency."""
    return format_pico(sum(row.balance for row in books.trial_balance().rows if row.code == code))


def void_invoice(number: str, reason: str = "wrong address") -> None:
    """Takes a document back, to be billed again."""
    void_document(invoice=Invoice.objects.get(number=number), voided_as="rebill", reason=reason, actor=TESTER)


@contextmanager
def broken_seller() -> Iterator[None]:
    """While inside, documents can't be numbered: what a bad record does to one customer's item."""
    series = Seller.objects.get().series
    Seller.objects.update(series="INV-{nothing}")
    try:
        yield
    finally:
        Seller.objects.update(series=series)


def day(text: str) -> date:
    """A day as a book file writes it, without quotes."""
    return date.fromisoformat(text)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
