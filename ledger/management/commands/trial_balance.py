"""Debits and credits of every kind of account, and that they are equal."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TextIO, cast

from django.core.management.base import CommandParser

from core import display
from core.commands import TenantCommand
from core.models import Tenant
from ledger import selectors
from ledger.chart import account_name
from ledger.management.values import amount, instant, told
from ledger.reports import TrialBalance


class Command(TenantCommand):
    help = "Prints the trial balance: debits and credits by currency and account code."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=instant, metavar="T", help="with what counted up to this instant")
        parser.add_argument("--json", action="store_true", help="one JSON value")

    def run(self, tenant: Tenant, **options: Any) -> None:
        as_of: datetime | None = options["as_of"]
        found = selectors.trial_balance(as_of=as_of)
        if options["json"]:
            self.result_json({"tenant": tenant.key, "as_of": as_of and told(as_of), **_plain(found)})
            return
        title = f"Trial balance of {tenant.key}" + (f" as of {told(as_of)}" if as_of else "")
        columns = ("currency", "code", "account", "debits", "credits", "balance")
        display.console(cast("TextIO", self.stdout)).print(
            display.table(title, columns, _rows(found), right=columns[3:])
        )


def _plain(found: TrialBalance) -> dict[str, Any]:
    rows = [
        {
            "currency": row.currency,
            "code": row.code,
            "account": account_name(row.code),
            "debits": amount(row.debits, row.currency),
            "credits": amount(row.credits, row.currency),
            "balance": amount(row.balance, row.currency),
        }
        for row in found.rows
    ]
    totals = [
        {"currency": currency, "debits": amount(debit, currency), "credits": amount(credit, currency)}
        for currency, (debit, credit) in found.totals().items()
    ]
    return {"rows": rows, "totals": totals}


def _rows(found: TrialBalance) -> list[list[str]]:
    plain = _plain(found)
    rows = [[str(value) for value in row.values()] for row in plain["rows"]]
    return rows + [[total["currency"], "", "total", total["debits"], total["credits"], ""] for total in plain["totals"]]
