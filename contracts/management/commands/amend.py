"""bin/manage amend SUBSCRIPTION --tenant KEY --effective D [--quantity name=value]… [--plan KEY] [--end] --reason R"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from contracts import selectors, services
from contracts.quantities import named_quantities
from core import arguments
from core.commands import COMMAND, TenantCommand
from core.models import Tenant


class Command(TenantCommand):
    help = "Changes a subscription from a day on, also a day that is already billed."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("subscription", metavar="SUBSCRIPTION")
        parser.add_argument(
            "--effective", required=True, type=arguments.day, metavar="D", help="the first day it counts"
        )
        parser.add_argument(
            "--quantity",
            action="append",
            default=[],
            type=arguments.quantity,
            metavar="name=value",
            dest="quantities",
        )
        parser.add_argument("--plan", metavar="KEY", help="the plan from then on")
        parser.add_argument("--end", action="store_true", help="the subscription ends at the start of that day")
        parser.add_argument("--reason", required=True, metavar="R", help="why, for the record")

    def run(self, tenant: Tenant, **options: Any) -> None:
        if not (options["quantities"] or options["plan"] is not None or options["end"]):
            self.misuse("name what changes: --quantity, --plan or --end")
        quantities = dict(options["quantities"])
        if len(quantities) != len(options["quantities"]):
            self.misuse(f"--quantity: one of {', '.join(quantities)} is given twice")
        row = services.amend(
            subscription=selectors.subscription(options["subscription"]),
            fields=services.AmendmentFields(
                effective_on=options["effective"],
                reason=options["reason"],
                plan=options["plan"],
                quantities=named_quantities(quantities),
                end=options["end"],
            ),
            actor=COMMAND,
        )
        self.stdout.write(f"{row.subscription.key}: amendment {row.number} counts from {row.effective_on}")
