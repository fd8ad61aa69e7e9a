"""bin/manage seal [--tenant KEY] [--empty]                      # the next seal of one tenant, or of each"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from core.access import services as access
from core.access.scope import tenant_scope
from core.commands import COMMAND, DaybookCommand
from core.display import progress
from core.models import Tenant
from core.seals import services


class Command(DaybookCommand):
    help = "Hashes all that was added since the last seal into the chain. Without anything new it makes none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="KEY", help="only this tenant")
        parser.add_argument("--empty", action="store_true", help="make a seal even where nothing was added")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["tenant"]
        for tenant in [access.tenant_by_key(key)] if key else Tenant.objects.order_by("key"):
            self._seal(tenant, even_if_empty=options["empty"])

    def _seal(self, tenant: Tenant, *, even_if_empty: bool) -> None:
        with tenant_scope(tenant.id), progress(self.progress_stream) as bar:
            task = bar.add_task(tenant.key)
            made = services.make(
                actor=COMMAND,
                even_if_empty=even_if_empty,
                progress=lambda table, done, total: bar.update(
                    task, description=f"{tenant.key}: {table}", completed=done, total=total
                ),
            )
        if made is None:
            self.say(f"{tenant.key}: nothing was added since the last seal")
        else:
            self.stdout.write(f"{tenant.key} seal {made.number} {made.digest} ({made.rows:,} rows)")
