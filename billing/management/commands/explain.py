"""bin/manage explain NUMBER LINE --tenant KEY [--json]"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Console
from rich.table import Table

from billing import explain
from billing.invoicing import view
from core.commands import TenantCommand
from core.display import console, table
from core.models import Tenant

#: Columns that hold no numbers.
_WORDS = ("time", "source", "id", "subject", "voided")
_TITLES = {
    "all": [("The events", 1)],
    "changes": [("Added since the earlier document", 1), ("Taken away since the earlier document", -1)],
}
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
        if options["json"]:
            self.result_json({**told, "events": list(_events(found, 1)), "taken_away": list(_events(found, -1))})
        else:
            self._show(told, found)

    def _show(self, told: dict[str, Any], found: explain.Evidence) -> None:
        out, line = console(self.result_stream), told["line"]
        period = line["service_period"]
        out.print(f"{told['invoice']} line {told['position']}: {line['description']}")
        out.print(f"{period['start']} to {period['end']}, {line['quantity']} {line['unit']}".rstrip())
        out.print(f"exactly {line['amount_exact']}, shown as {line['amount']}\n")
        columns = ["from", "to", "quantity", "unit_amount", "flat_amount", "amount"]
        out.print(_table("The arithmetic", columns, line["breakdown"]))
        columns = ["n", "amount", "quantity_after", "events_after", "late", "watermark"]
        charges = [{**one, "late": "late" if one["late"] else ""} for one in told["charges"]]
        out.print(_table("The charges in the ledger", columns, charges))
        for title, sign in _TITLES[told["events_are"]]:
            self._list(out, title, _events(found, sign))

    def _list(self, out: Console, title: str, events: Iterator[dict[str, Any]]) -> None:
        shown = list(islice(events, _SHOWN))
        if not shown:
            return
        names = ["time", "source", "id", "subject", "value", "quantity", "amount", "voided"]
        rows = [{**one, "voided": "voided" if one["voided"] else ""} for one in shown]
        columns = [name for name in names if any(row[name] not in (None, "") for row in rows)]
        if all(row["value"] == row["quantity"] for row in rows):
            columns.remove("quantity")
        out.print(_table(title, columns, rows))
        if more := sum(1 for _ in events):
            out.print(f"… and {more} more; --json lists them all")


def _events(found: explain.Evidence, sign: int) -> Iterator[dict[str, Any]]:
    return (explain.event_json(event, found.price) for event in explain.events(found, sign=sign))


def _table(title: str, columns: list[str], rows: list[dict[str, Any]]) -> Table:
    heads = [name.replace("_", " ") for name in columns]
    right = [head for head in heads if head not in _WORDS]
    return table(title, heads, [[row[name] for name in columns] for row in rows], right=right)
