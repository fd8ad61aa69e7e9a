"""bin/manage void_event: takes one usage event back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from core.commands import COMMAND, TenantCommand
from core.models import Tenant
from metering import services


class Command(TenantCommand):
    help = "Makes a usage event count nowhere from now on; twice is once. The event may be one that is still to come."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--source", required=True, help="the event's CloudEvents source")
        parser.add_argument("--id", required=True, help="the event's CloudEvents id")
        parser.add_argument("--reason", required=True, help="why; it stays in the audit trail")

    def run(self, tenant: Tenant, **options: Any) -> None:
        outcome = services.void_event(
            source=options["source"], id=options["id"], reason=options["reason"], actor=COMMAND
        )
        self.stdout.write(outcome)
