"""bin/demo: the main job, from an empty database to paid invoices, told as it happens."""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from billing.invoicing.rendering import PdfUnavailable
from config.demo.story import DEMO, Story, new_tenant
from config.serving import relay_beside
from core.access import services as access
from core.access.scope import tenant_scope
from core.commands import REFUSED, DaybookCommand
from core.display import console, progress
from core.models import Tenant

_EMAIL = "demo@northwind.example"


class Command(DaybookCommand):
    help = "Shows the whole path: usage in, bills out, and what happens when facts change afterwards."

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        out = console(self.result_stream)
        with relay_beside():  # as in service: it prints what is issued while the story goes on
            tenant = new_tenant()
            out.print(f"[bold]Daybook[/bold] demonstration: tenant {tenant.key}, twelve customers, a test clock")
            with tenant_scope(tenant.id):
                story = Story(out, lambda: progress(self.progress_stream))
                for step in (story.three_months, story.invoices, story.late_usage, story.void):
                    step()
                for step in (story.amendments, story.next_month, story.payment):
                    step()
                folder = self._print(story, tenant)
        with tenant_scope(tenant.id):
            story.seal()
            found = story.verify()
            story.trial_balance()
            password = self._operator()
        self._closing(tenant, folder, password, time.monotonic() - began)
        if found:
            sys.exit(REFUSED)

    def _print(self, story: Story, tenant: Tenant) -> Path | None:
        folder = settings.VAR_DIR / "demo" / tenant.key
        try:
            story.documents(folder)
        except PdfUnavailable as refusal:
            self.say(str(refusal))
            return None
        return folder

    def _operator(self) -> str:
        user, password = access.create_operator(email=_EMAIL, role="owner", actor=DEMO)
        if password is None:
            password = secrets.token_urlsafe(15)
            user.set_password(password)
            user.save(update_fields=["password"])
        return password

    def _closing(self, tenant: Tenant, folder: Path | None, password: str, seconds: float) -> None:
        out = console(self.result_stream)
        out.print(f"\n[bold]Done in {seconds:.0f} s.[/bold] What to look at next:")
        if folder is not None:
            out.print(f"  the invoices        {folder}")
        out.print("  the console         bin/serve, then open the address it prints with /console/ at its end")
        out.print(f"                      sign in as {_EMAIL} with the password {password}", markup=False)
        out.print(f"  one line, explained bin/manage explain INV-000014 4 --tenant {tenant.key}")
        out.print(f"  a run repeated      bin/manage bill --tenant {tenant.key} --through 2026-05-01")
        out.print(f"  everything checked  bin/manage verify --tenant {tenant.key}")
