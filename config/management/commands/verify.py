"""bin/manage verify [--tenant KEY] [--json]"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from config import wiring
from config.verification import verify
from core.access import services
from core.access.scope import tenant_scope
from core.commands import REFUSED, DaybookCommand
from core.display import progress
from core.integrity import Check, Outcome
from core.models import Tenant

#: More findings of one check than this are counted, not listed, where people read.
_SHOWN = 20


class Command(DaybookCommand):
    help = "Checks everything that must always be true of the books. Exit 1 names what is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="KEY", help="only this tenant")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["tenant"]
        tenants = [services.tenant_by_key(key)] if key else list(Tenant.objects.order_by("key"))
        results = {tenant.key: self._verify(tenant, shown=not options["json"]) for tenant in tenants}
        found = sum(len(outcome.findings) for several in results.values() for _, outcome in several)
        if options["json"]:
            self.result_json({key: [_as_json(*one) for one in several] for key, several in results.items()})
        else:
            self.stdout.write(f"{found} findings" if found else "everything holds")
        if found:
            sys.exit(REFUSED)

    def _verify(self, tenant: Tenant, *, shown: bool) -> list[tuple[Check, Outcome]]:
        with tenant_scope(tenant.id), progress(self.progress_stream) as bar:
            asking = bar.add_task(tenant.key, total=len(wiring.checks()))
            results = verify(
                begun=lambda check: bar.update(asking, advance=1, description=f"{tenant.key}: {check.sentence}")
            )
        if shown:
            for check, outcome in results:
                self._show(tenant, check, outcome)
        return results

    def _show(self, tenant: Tenant, check: Check, outcome: Outcome) -> None:
        sign = "✗" if outcome.findings else "✓"
        self.stdout.write(f"{sign} {tenant.key} {check.rule:>2} {check.sentence} ({outcome.counted:,} {outcome.unit})")
        for finding in outcome.findings[:_SHOWN]:
            self.stdout.write(f"    {finding.subject}: {finding.detail}")
        if len(outcome.findings) > _SHOWN:
            self.stdout.write(f"    … and {len(outcome.findings) - _SHOWN} more")


def _as_json(check: Check, outcome: Outcome) -> dict[str, Any]:
    return {
        "check": check.name,
        "rule": check.rule,
        "sentence": check.sentence,
        "counted": outcome.counted,
        "unit": outcome.unit,
        "findings": [{"subject": one.subject, "detail": one.detail} for one in outcome.findings],
    }
