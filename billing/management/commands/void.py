"""bin/manage void NUMBER --tenant KEY --as rebill --reason R"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing.invoicing import services, view
from core.commands import COMMAND, TenantCommand
from core.models import Tenant


class Command(TenantCommand):
    help = "Takes an issued document back whole. As rebill, its charges are due again and the next run bills them."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", metavar="NUMBER")
        parser.add_argument("--as", required=True, choices=["rebill"], dest="voided_as")
        parser.add_argument("--reason", required=True, metavar="R", help="why, for the record")

    def run(self, tenant: Tenant, **options: Any) -> None:
        row = services.void(
            invoice=view.invoice(options["number"]),
            voided_as=options["voided_as"],
            reason=options["reason"],
            actor=COMMAND,
        )
        self.stdout.write(f"{row.number} is void; what it charged is due again")
