"""Debits and credits of every kind of account, and that they are equal."""

from __future__ import annotations

from typing import Any, TextIO, cast

from django.core.management.base import CommandParser

from core import display
from core.arguments import day_or_instant
from core.commands import TenantCommand
from core.models import Tenant
from ledger import selectors
from ledger.chart import account_name
from ledger.management.values import amount, ending, told
from ledger.reports import TrialBalance


class Command(TenantCommand):
    help = "Prints the trial balance: debits and credits by currency and account code."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=day_or_instant, metavar="T", help="what counted up to that day's end")
        parser.add_argument("--recorded-by", type=day_or_instant, metavar="T", help="what was known by that day's end")
        parser.add_argument("--json", action="store_true", help="one JSON value")

    def run(self, tenant: Tenant, **options: Any) -> None:
        times = {name: ending(options[name], tenant) for name in ("as_of", "recorded_by")}
        found = selectors.trial_balance(**times)
        if options["json"]:
            asked = {name: at and told(at) for name, at in times.items()}
            self.result_json({"tenant": tenant.key, **asked, **_plain(found)})
            return
        asked_for = "".join(f" {name.replace('_', ' ')} {told(at)}" for name, at in times.items() if at)
        title = f"Trial balance of {tenant.key}{asked_for}"
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
