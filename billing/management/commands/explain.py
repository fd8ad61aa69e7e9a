"""bin/manage explain NUMBER LINE --tenant KEY [--json]"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing import explain
from billing.invoicing import view
from core.commands import TenantCommand
from core.display import console, table
from core.models import Tenant

#: More events than this are counted, not listed, where people read.
_SHOWN = 40


class Command(TenantCommand):
    help = "Takes a line of a document apart, down to the usage events behind it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", metavar="NUMBER")
        parser.add_argument("line", metavar="LINE", type=int, help="its place on the document, from 1")
        parser.add_argument("--json", action="store_true", help="everything, every event included")

    def run(self, tenant: Tenant, **options: Any) -> None:
        row = view.invoice(options["number"])
        found = explain.line(row, options["line"])
        told = explain.as_json(found, view.document(row))
        events = [explain.event_json(event, found.price) for event in explain.events(found)]
        if options["json"]:
            self.result_json({**told, "events": events})
        else:
            self._show(told, events)

    def _show(self, told: dict[str, Any], events: list[dict[str, Any]]) -> None:
        out, line = console(self.result_stream), told["line"]
        period = line["service_period"]
        out.print(f"{told['invoice']} line {told['position']}: {line['description']}")
        out.print(f"{period['start']} to {period['end']}, {line['quantity']} {line['unit']}".rstrip())
        out.print(f"exactly {line['amount_exact']}, shown as {line['amount']}\n")
        columns = ["from", "to", "quantity", "unit amount", "flat amount", "amount"]
        steps = [
            [row["from"], row["to"] or "", row["quantity"], row["unit_amount"], row["flat_amount"], row["amount"]]
            for row in line["breakdown"]
        ]
        out.print(table("The arithmetic", columns, steps, right=columns))
        columns = ["n", "amount", "quantity after", "events after", "late", "watermark"]
        charges = [
            [
                one["n"],
                one["amount"],
                one["quantity_after"],
                one["events_after"],
                "late" if one["late"] else "",
                one["watermark"],
            ]
            for one in told["charges"]
        ]
        out.print(table("The charges in the ledger", columns, charges, right=columns))
        title = "The events" if told["events_are"] == "all" else "What changed since the earlier document"
        columns = ["time", "source", "id", "subject", "value", "amount", ""]
        shown = [
            [
                one["time"],
                one["source"],
                one["id"],
                one["subject"],
                one["value"],
                one["amount"],
                "voided" if one["voided"] else "",
            ]
            for one in events[:_SHOWN]
        ]
        if shown:
            out.print(table(title, columns, shown, right=["value", "amount"]))
        if len(events) > _SHOWN:
            out.print(f"… and {len(events) - _SHOWN} more; --json lists them all")
