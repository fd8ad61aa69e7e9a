"""bin/manage subject claim|release NAME --tenant KEY --customer KEY --on D"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from core import arguments
from core.commands import COMMAND, TenantCommand
from core.errors import NotFound
from core.models import Tenant
from core.period import local_midnight, zone_named
from customers import selectors, subjects
from customers.models import Claim, Customer


class Command(TenantCommand):
    help = "From a day on, in the customer's zone, a usage subject means a customer, or no longer does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["claim", "release"])
        parser.add_argument("name", metavar="NAME", help="the CloudEvents subject")
        super().add_arguments(parser)
        parser.add_argument("--customer", required=True, metavar="KEY")
        parser.add_argument("--on", required=True, type=arguments.day, metavar="D", help="the first day it counts")

    def run(self, tenant: Tenant, **options: Any) -> None:
        customer = selectors.customer(options["customer"])
        instant = local_midnight(options["on"], zone_named(customer.time_zone))
        if options["action"] == "claim":
            subjects.claim(subject=options["name"], customer=customer, from_at=instant, actor=COMMAND)
            self.stdout.write(f"{options['name']} means {customer.key} from {options['on']} on")
        else:
            subjects.release(claim=self._claim(customer, options["name"]), to_at=instant, actor=COMMAND)
            self.stdout.write(f"{options['name']} no longer means {customer.key} from {options['on']} on")

    def _claim(self, customer: Customer, name: str) -> Claim:
        claims = Claim.objects.filter(customer=customer, subject__name=name, subscription_id__isnull=True)
        found = claims.select_related("customer").order_by("-from_at").first()
        if found is None:
            raise NotFound(f"{name!r} does not mean {customer.key}", field="name")
        return found
