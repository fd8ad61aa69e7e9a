"""bin/manage bill --tenant KEY --through D [--customer KEY] [--dry-run] [--json]"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from billing.invoicing import view
from billing.models import RunItem
from billing.runs import services
from billing.runs.applying import Outcome
from billing.runs.planning import written
from billing.runs.services import Progress
from core import arguments, outbox
from core.commands import COMMAND, REFUSED, TenantCommand
from core.display import console, progress, table
from core.models import Tenant
from customers import selectors


class Command(TenantCommand):
    help = "Books what is due and issues invoices, up to the start of a day in each customer's zone."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--through", required=True, type=arguments.day_or_instant, metavar="D")
        parser.add_argument("--customer", metavar="KEY", help="only this customer's tree")
        parser.add_argument("--dry-run", action="store_true", help="show what would be booked, and book nothing")
        parser.add_argument("--json", action="store_true")

    def run(self, tenant: Tenant, **options: Any) -> None:
        customer = None if options["customer"] is None else selectors.customer(options["customer"])
        if options["dry_run"]:
            outcome = services.preview(through=options["through"], actor=COMMAND, customer=customer)
        else:
            outcome = self._bill(options["through"], customer)
        if options["json"]:
            self.result_json(_as_json(outcome, preview=options["dry_run"]))
        else:
            self._show(outcome, preview=options["dry_run"])
        if not options["dry_run"]:
            self._relay(len(outcome.invoices))
        if outcome.parked:
            sys.exit(REFUSED)

    def _bill(self, through: Any, customer: Any) -> Outcome:
        with progress(self.progress_stream) as bar:
            applying = bar.add_task("billing", total=0)
            return services.bill(
                through=through,
                actor=COMMAND,
                customer=customer,
                progress=Progress(
                    to_apply=lambda count: bar.update(applying, total=count),
                    applied=lambda count: bar.advance(applying, count),
                ),
            )

    def _relay(self, documents: int) -> None:
        """Tells listeners what is booked by now, which prints the documents: the result is out before."""
        self.result_stream.flush()
        with progress(self.progress_stream) as bar:
            printing = bar.add_task("printing", total=documents)
            outbox.relay(progress=lambda: bar.advance(printing))

    def _show(self, outcome: Outcome, *, preview: bool) -> None:
        out = console(self.result_stream)
        rows = [
            [
                "" if preview else row.number,
                row.payer.key,
                row.issued_on,
                row.due_on,
                view.gross_text(row),
                row.currency,
            ]
            for row in outcome.invoices
        ]
        columns = ["number", "customer", "issued on", "due on", "gross", "currency"]
        if rows:
            out.print(table("Drafts" if preview else "Invoices", columns, rows, right=["gross"]))
        sums = ", ".join(f"{amount} {currency}" for currency, amount in written(outcome.booked).items()) or "nothing"
        verb = "would be" if preview else ""
        charges = f"{outcome.charges} charge{'' if outcome.charges == 1 else 's'}"
        out.print(f"{charges} {verb} booked: {sums}".replace("  ", " "))
        if outcome.carried:
            out.print(f"{outcome.carried} drafts are carried forward: they round to zero or are negative")
        for item in outcome.parked:
            self.stderr.write(f"parked {_root(item)}: {item.code}: {item.reason}")


def _as_json(outcome: Outcome, *, preview: bool) -> dict[str, Any]:
    drafted = [
        {"customer": row.payer.key, "currency": row.currency, "gross": view.gross_text(row)} for row in outcome.invoices
    ]
    return {
        "charges": outcome.charges,
        "booked": written(outcome.booked),
        "invoices": drafted if preview else view.summarized(outcome.invoices),
        "carried_forward": outcome.carried,
        "parked": [{"customer": _root(item), "code": item.code, "reason": item.reason} for item in outcome.parked],
    }


def _root(item: RunItem) -> str:
    return item.tree.customers.get(pk=item.tree_id).key
