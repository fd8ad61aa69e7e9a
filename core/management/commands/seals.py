"""bin/manage seals --tenant KEY [--json]                       # --json: the copy that verify --seals compares with"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from core.commands import TenantCommand
from core.display import console, table
from core.models import Tenant
from core.seals import selectors


class Command(TenantCommand):
    help = "Lists a tenant's seals. Keep the digests, or the whole of --json, where nobody can change them."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--json", action="store_true")

    def run(self, tenant: Tenant, **options: Any) -> None:
        if options["json"]:
            self.result_json(selectors.copy())
            return
        rows = [
            [head.number, f"{head.made_at:%Y-%m-%d %H:%M:%S}", f"{head.rows:,}", head.digest]
            for head in selectors.heads()
        ]
        made = table(
            f"Seals of {tenant.key}", ["number", "made at (UTC)", "rows", "digest"], rows, right=["number", "rows"]
        )
        console(self.result_stream).print(made)
