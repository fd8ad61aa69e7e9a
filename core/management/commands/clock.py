"""bin/manage clock --tenant KEY [--to T]                       # sandbox tenants only"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import CommandParser

from core import arguments, clock
from core.commands import COMMAND, TenantCommand
from core.models import Tenant


class Command(TenantCommand):
    help = "Shows a sandbox's test clock, or moves it forward."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--to", type=arguments.day_or_instant, metavar="T", help="a day in UTC, or an instant")

    def run(self, tenant: Tenant, **options: Any) -> None:
        to = options["to"]
        if tenant.clock_at is None:
            raise clock.ClockRefused("only a sandbox has a clock of its own", field="tenant")
        if to is not None:
            instant = to if isinstance(to, datetime) else datetime.combine(to, time(), UTC)
            clock.advance(to=instant, actor=COMMAND)
        self.stdout.write(clock.now().isoformat().replace("+00:00", "Z"))
