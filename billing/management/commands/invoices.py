"""bin/manage invoices --tenant KEY [--customer KEY] [--drafts] [--json]"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing.invoicing import view
from core import clock
from core.commands import TenantCommand
from core.display import console, table
from core.models import Tenant
from customers import selectors


class Command(TenantCommand):
    help = "Lists the issued documents, or the drafts as they stand."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--customer", metavar="KEY", help="only documents that this customer pays")
        parser.add_argument("--drafts", action="store_true", help="what is owed by now and on no document yet")
        parser.add_argument("--json", action="store_true")

    def run(self, tenant: Tenant, **options: Any) -> None:
        customer = None if options["customer"] is None else selectors.customer(options["customer"])
        if options["drafts"]:
            found = [view.draft_summary(form) for form in view.draft_documents(at=clock.now(), customer=customer)]
        else:
            found = view.summaries(customer=customer)
        if options["json"]:
            self.result_json(found)
            return
        columns = ["number", "customer", "period", "issued on", "due on", "gross", "due", "currency", "status"]
        rows = [
            [
                one["number"] or "draft",
                one["customer"],
                f"{one['period']['start']} to {one['period']['end']}",
                one["issued_on"],
                one["due_on"],
                one["gross"],
                one["due"],
                one["currency"],
                one["status"],
            ]
            for one in found
        ]
        out = console(self.result_stream)
        title = "Drafts" if options["drafts"] else "Invoices"
        out.print(table(title, columns, rows, right=["gross", "due"]) if rows else f"no {title.lower()} yet")
