"""What happens in the demonstration, step by step, told while it happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bar

from billing.invoicing import view
from billing.models import Invoice, InvoiceLine
from billing.runs import services as runs
from billing.runs.planning import written
from config.demo import usage
from config.verification import verify
from contracts.book import applying
from contracts.quantities import read_quantities
from contracts.selectors import subscription
from contracts.services import AmendmentFields, amend
from core import outbox
from core.access import services as access
from core.actor import Actor
from core.display import table
from core.integrity import Check, Outcome
from core.models import Tenant
from core.money import format_pico, parse_pico
from core.seals import services as seals
from ledger import selectors as books
from ledger.chart import account_name
from metering.incoming import read
from metering.models import Batch, Event
from metering.services.ingestion import ingest
from metering.services.voiding import void_event
from payments.services import record_bank_transfer

DEMO = Actor(kind="command", name="bin/demo")
_BOOK = Path(__file__).parent / "book.yaml"
_REQUEST = 1000


def new_tenant() -> Tenant:
    """A fresh tenant with the demonstration's set-up: demo, or demo-2, demo-3 where there are some."""
    taken = set(Tenant.objects.filter(key__startswith="demo").values_list("key", flat=True))
    key = next(key for n in range(1, 10_000) if (key := f"demo-{n}" if n > 1 else "demo") not in taken)
    content = _BOOK.read_bytes().replace(b"tenant: {key: demo,", f"tenant: {{key: {key},".encode())
    applying.apply(content, actor=DEMO)
    return access.tenant_by_key(key)


class Story:
    """The steps, each telling on `out` what it did; `bar` shows progress of the long ones."""

    def __init__(self, out: Console, bar: Callable[[], Bar]) -> None:
        self.out = out
        self.bar = bar
        self.months = usage.months()

    def three_months(self) -> None:
        """Usage comes in and is billed, month by month, as the test clock moves on."""
        self._title("Three months of usage, billed month by month")
        self._billed("2026-01-01")
        for month, through in zip(self.months, ("2026-02-01", "2026-03-01", "2026-04-01"), strict=True):
            counts = self._sent(month.sent, f"usage before {through}")
            self.out.print(
                f"  sent {counts['sent']:,} events: {counts['accepted']:,} new, {counts['duplicate']:,} sent twice"
            )
            self._billed(through)

    def invoices(self) -> None:
        """A table of what was issued."""
        found = view.summaries()
        columns = ["number", "customer", "period", "issued on", "gross", "currency", "status"]
        rows = [
            [
                one["number"],
                one["customer"],
                f"{one['period']['start']} to {one['period']['end']}",
                one["issued_on"],
                one["gross"],
                one["currency"],
                one["status"],
            ]
            for one in found
        ]
        self.out.print(table("\nInvoices", columns, rows, right=["gross"]))

    def late_usage(self) -> None:
        """Events of months that are billed arrive: differences, which the next documents will show."""
        self._title("Late events arrive")
        late = [text for month in self.months for text in month.late]
        counts = self._sent(late, "late events")
        self.out.print(f"  {counts['accepted']:,} events of January to March came after their month was billed")
        self._billed("2026-04-01")
        self.out.print("  the run repeated:")
        self._billed("2026-04-01")

    def void(self) -> None:
        """An event was wrong: its part of the line is taken back."""
        self._title("An event is voided")
        samples = Event.objects.filter(subject="cascade", type="storage.sampled", time__month=3)
        event = max(samples, key=_gigabytes)
        void_event(source=event.source, id=event.event_id, reason="a sensor's error", actor=DEMO)
        self.out.print(f"  {event.event_id}, the highest of its month, no longer counts: a negative line in April")
        self._billed("2026-04-01")

    def amendments(self) -> None:
        """Seats change in the middle of a month, and a plan change turns out to have been agreed weeks ago."""
        self._title("Agreements change")
        self._amended("attica-1", on="2026-04-13", quantities={"seats": "31"}, reason="six more seats from the 13th")
        self._amended("deccan-1", on="2026-03-11", plan="scale-usd", reason="agreed by telephone on 11 March")
        self._billed("2026-04-15")

    def next_month(self) -> None:
        """April is billed: the documents show all differences beside the month itself."""
        self._title("April is billed, differences included")
        self._sent(usage.april(), "usage of April")
        self._billed("2026-05-01")
        for customer in ("deccan", "cascade", "attica"):
            self._lines(Invoice.objects.filter(payer__key=customer).order_by("-sequence").first())

    def payment(self) -> None:
        """A bank transfer settles an invoice."""
        self._title("An invoice is paid by bank transfer")
        row = Invoice.objects.filter(payer__key="aegean", state=Invoice.State.OPEN).order_by("sequence").first()
        assert row is not None
        amount = parse_pico(row.gross.amount)
        on = date(2026, 4, 20)
        record_bank_transfer(invoice=row, amount=amount, on=on, reference="RF18 5390 0754 7034", actor=DEMO)
        self.out.print(
            f"  {row.number}: {_money(row.gross.amount)} {row.currency} received on {on}, nothing left to pay"
        )

    def documents(self, folder: Path) -> int:
        """Prints every invoice into `folder`; how many. Raises PdfUnavailable where pango is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        rows = list(Invoice.objects.select_related("party").order_by("sequence"))
        with self.bar() as bar:
            task = bar.add_task("printing", total=len(rows))
            outbox.relay(progress=lambda: None)
            for row in rows:
                (folder / f"{row.number}.pdf").write_bytes(view.pdf(row))
                bar.advance(task)
        return len(rows)

    def seal(self) -> None:
        """All that is in the books by now enters a chain of digests."""
        self._title("The books are sealed")
        made = seals.make(actor=DEMO, even_if_empty=True)
        assert made is not None
        self.out.print(f"  seal {made.number} over {made.rows:,} rows: {made.digest}")

    def verify(self) -> int:
        """Every check with what it counted; how many findings there are."""
        self._title("Verify: what must always be true")
        return sum(len(outcome.findings) for _, outcome in verify(ended=self._checked))

    def _checked(self, check: Check, outcome: Outcome) -> None:
        sign = "[red]✗[/red]" if outcome.findings else "[green]✓[/green]"
        self.out.print(f"  {sign} {check.sentence} ({outcome.counted:,} {outcome.unit})")
        for finding in outcome.findings[:5]:
            self.out.print(f"      {finding.subject}: {finding.detail}", markup=False)

    def trial_balance(self) -> None:
        """The books, by account and currency: in each currency they add up to nothing."""
        rows = [
            [row.currency, row.code, account_name(row.code), _side(row.balance), _side(-row.balance)]
            for row in books.trial_balance().rows
            if row.balance
        ]
        columns = ["currency", "code", "account", "debit", "credit"]
        self.out.print(table("\nTrial balance", columns, rows, right=["code", "debit", "credit"]))

    def _title(self, text: str) -> None:
        self.out.print(f"\n[bold]{text}[/bold]")

    def _sent(self, events: Sequence[bytes], what: str) -> dict[str, int]:
        """Takes the events in as requests of a thousand."""
        sums = {"sent": len(events), "accepted": 0, "duplicate": 0, "rejected": 0}
        with self.bar() as bar:
            task = bar.add_task(what, total=len(events))
            for request in _requests(events):
                digest = sha256(b"".join(request)).digest()
                receipt = ingest(
                    [read(text) for text in request], actor=DEMO, kind=Batch.Kind.HTTP, request_digest=digest
                )
                for name in ("accepted", "duplicate", "rejected"):
                    sums[name] += getattr(receipt, name)
                bar.advance(task, len(request))
        return sums

    def _billed(self, through: str) -> None:
        outcome = runs.bill(through=date.fromisoformat(through), actor=DEMO)
        booked = ", ".join(f"{_grouped(amount)} {currency}" for currency, amount in written(outcome.booked).items())
        told = (
            f"{outcome.charges:,} charges ({booked}), {len(outcome.invoices)} invoices" if booked else "nothing to post"
        )
        self.out.print(f"  billed through {through}: {told}")
        for item in outcome.parked:
            self.out.print(f"  [red]parked[/red] {item.code}: {item.reason}")

    def _amended(self, key: str, *, on: str, reason: str, plan: str | None = None, quantities: Any = ()) -> None:
        fields = AmendmentFields(
            effective_on=date.fromisoformat(on), reason=reason, plan=plan, quantities=read_quantities(dict(quantities))
        )
        amend(subscription=subscription(key), fields=fields, actor=DEMO)
        self.out.print(f"  {key}: {reason} (counts from {on})")

    def _lines(self, invoice: Invoice | None) -> None:
        assert invoice is not None
        lines = InvoiceLine.objects.filter(invoice=invoice).order_by("position")
        rows = [[line.position, line.description, _money(line.amount.amount)] for line in lines]
        title = f"\n{invoice.number} to {invoice.payer.key}, {invoice.currency}"
        self.out.print(table(title, ["line", "what", "amount"], rows, right=["line", "amount"]))


def _requests(events: Sequence[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(events), _REQUEST):
        yield list(events[start : start + _REQUEST])


def _gigabytes(event: Event) -> Decimal:
    return Decimal(json.loads(event.body)["data"]["gigabytes"])


def _side(amount: int) -> str:
    return _grouped(format_pico(amount)) if amount > 0 else ""


def _grouped(text: str) -> str:
    return f"{Decimal(text):,f}"


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
