"""bin/manage pay NUMBER --tenant KEY --amount A --on DATE --reference R"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing.invoicing import documents, view
from core import arguments
from core.commands import COMMAND, TenantCommand
from core.models import Tenant
from core.money import format_pico, parse_pico
from payments import services


class Command(TenantCommand):
    help = "Records a bank transfer for a document. The same reference again is the same payment."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", metavar="NUMBER")
        parser.add_argument("--amount", required=True, type=arguments.amount, metavar="A")
        parser.add_argument("--on", required=True, type=arguments.day, metavar="DATE", help="the day it arrived")
        parser.add_argument("--reference", required=True, metavar="R", help="the bank's own reference")

    def run(self, tenant: Tenant, **options: Any) -> None:
        payment = services.record_bank_transfer(
            invoice=view.invoice(options["number"]),
            amount=options["amount"],
            on=options["on"],
            reference=options["reference"],
            actor=COMMAND,
        )
        row = view.invoice(options["number"])
        left, digits = view.due(row), documents.digits_of(row.currency)
        self.stdout.write(f"{row.number} {row.state}, {format_pico(left, places=digits)} {row.currency} left to pay")
        if unapplied := parse_pico(payment.amount.amount) - parse_pico(payment.applied.amount):
            self.stdout.write(f"{format_pico(unapplied, places=digits)} {row.currency} more than was owed")
