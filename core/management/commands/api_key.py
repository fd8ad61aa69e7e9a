"""bin/manage api_key create --tenant KEY --scope S…            # prints the key, once, alone on standard output"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from core.access import services
from core.commands import COMMAND, TenantCommand
from core.models import Tenant


class Command(TenantCommand):
    help = "Makes an API key. It is shown this once; only its SHA-256 is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["create"])
        super().add_arguments(parser)
        parser.add_argument(
            "--scope",
            action="extend",
            nargs="+",
            required=True,
            metavar="S",
            help=", ".join(services.SCOPES),
            dest="scopes",
        )

    def run(self, tenant: Tenant, **options: Any) -> None:
        self.stdout.write(services.create_api_key(scopes=options["scopes"], actor=COMMAND))
