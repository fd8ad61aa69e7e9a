"""bin/manage verify [--tenant KEY] [--seals FILE]… [--json]"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from config import wiring
from config.verification import verify
from core.access import services
from core.access.scope import tenant_scope
from core.commands import REFUSED, DaybookCommand
from core.display import progress
from core.errors import InvalidValue
from core.integrity import Check, Outcome, advancing, outcome
from core.models import Tenant
from core.seals import selectors as seals

#: More findings of one check than this are counted, not listed, where people read.
_SHOWN = 20


class Command(DaybookCommand):
    help = "Checks everything that must always be true of the books. Exit 1 names what is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="KEY", help="only this tenant")
        parser.add_argument(
            "--seals",
            metavar="FILE",
            type=Path,
            action="append",
            default=[],
            help="compare a tenant's seals with a copy that was kept elsewhere, as `seals --json` wrote it",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["tenant"]
        tenants = [services.tenant_by_key(key)] if key else list(Tenant.objects.order_by("key"))
        copies = self._copies(options["seals"], {tenant.key for tenant in tenants})
        results = {
            tenant.key: self._verify(tenant, copies.get(tenant.key, ()), shown=not options["json"])
            for tenant in tenants
        }
        found = sum(len(outcome.findings) for several in results.values() for _, outcome in several)
        if options["json"]:
            self.result_json({key: [_as_json(*one) for one in several] for key, several in results.items()})
        else:
            self.stdout.write(f"{found} findings" if found else "everything holds")
        if found:
            sys.exit(REFUSED)

    def _copies(self, files: Sequence[Path], known: set[str]) -> dict[str, list[Check]]:
        """By tenant: the checks that compare its seals with the copies in the files."""
        found: dict[str, list[Check]] = {}
        for file in files:
            try:
                copy = seals.read_copy(file.read_bytes())
            except (OSError, InvalidValue) as error:
                self.misuse(f"--seals: {file}: {error.strerror if isinstance(error, OSError) else error}")
            if copy.tenant not in known:
                self.misuse(f"--seals: {file}: is of tenant {copy.tenant!r}, which is not verified here")
            found.setdefault(copy.tenant, []).append(_comparing(copy))
        return found

    def _verify(self, tenant: Tenant, copies: Sequence[Check], *, shown: bool) -> list[tuple[Check, Outcome]]:
        with tenant_scope(tenant.id), progress(self.progress_stream) as bar:
            asking = bar.add_task(tenant.key, total=len(wiring.checks()) + len(copies))
            looking = bar.add_task("", total=None, visible=False)
            advancing.set(
                lambda what, done, total: bar.update(
                    looking, description=what, completed=done, total=total, visible=done < total
                )
            )
            results = verify(
                begun=lambda check: bar.update(asking, advance=1, description=f"{tenant.key}: {check.sentence}"),
                and_also=copies,
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


def _comparing(copy: seals.Copy) -> Check:
    return Check(
        "core.seal_copies",
        2,
        "The chain of seals is as the copy kept elsewhere has it.",
        lambda: outcome(len(copy.seals), "seals in the copy", seals.disagreements(copy)),
    )


def _as_json(check: Check, outcome: Outcome) -> dict[str, Any]:
    return {
        "check": check.name,
        "rule": check.rule,
        "sentence": check.sentence,
        "counted": outcome.counted,
        "unit": outcome.unit,
        "findings": [{"subject": one.subject, "detail": one.detail} for one in outcome.findings],
    }
