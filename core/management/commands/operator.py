"""bin/manage operator create --email E --role R"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from core.access import services
from core.access.scope import tenant_scope
from core.commands import COMMAND, DaybookCommand
from core.models import Tenant
from core.models.access import Role


class Command(DaybookCommand):
    help = (
        "Lets a person into the console: of one tenant, or of all that exist. A new account's password is shown once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["create"])
        parser.add_argument("--email", required=True, metavar="E")
        parser.add_argument("--role", required=True, choices=Role.values, metavar="R", help=", ".join(Role.values))
        parser.add_argument("--tenant", metavar="KEY", help="only this tenant")

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = (
            [services.tenant_by_key(options["tenant"])] if options["tenant"] else list(Tenant.objects.order_by("id"))
        )
        if not tenants:
            self.refuse("not_found: there is no tenant yet: apply a book file first")
        shown = None
        for tenant in tenants:
            with tenant_scope(tenant.id):
                _, password = services.create_operator(email=options["email"], role=options["role"], actor=COMMAND)
            shown = shown or password
        if shown:
            self.stdout.write(shown)
        self.say(f"{options['email']} is {options['role']} of {', '.join(tenant.key for tenant in tenants)}")
