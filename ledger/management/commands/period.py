"""The months of the books."""

from __future__ import annotations

from typing import Any, TextIO, cast

from django.core.management.base import CommandParser

from core import display
from core.commands import COMMAND, TenantCommand
from core.errors import InvalidValue
from core.models import Tenant
from ledger import periods
from ledger.management.values import told
from ledger.models import AccountingPeriod


class Command(TenantCommand):
    help = "Lists the accounting periods, or opens, closes or reopens one: nothing is posted into a closed one."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=("list", "open", "close", "reopen"))
        parser.add_argument("month", nargs="?", metavar="MONTH", help="such as 2026-01")
        parser.add_argument("--reason", metavar="R", help="for the audit trail; required to close and to reopen")
        parser.add_argument("--json", action="store_true", help="one JSON value")

    def run(self, tenant: Tenant, **options: Any) -> None:
        action, month, reason = options["action"], options["month"], options["reason"]
        if (action == "list") != (month is None):
            self.misuse("month: is required" if month is None else "month: list takes none")
        if action in ("close", "reopen") and not (reason or "").strip():
            self.misuse("reason: is required")
        try:
            if action == "open":
                periods.open_period(month=month, actor=COMMAND)
            elif action != "list":
                change = periods.close if action == "close" else periods.reopen
                change(month=month, reason=reason, actor=COMMAND)
        except InvalidValue as error:
            self.misuse(str(error))
        self._show(tenant, as_json=options["json"])

    def _show(self, tenant: Tenant, *, as_json: bool) -> None:
        rows = [_plain(row) for row in AccountingPeriod.objects.order_by("start_at")]
        if as_json:
            self.result_json(rows)
            return
        columns = ("month", "state", "start", "end", "changed at", "reason")
        table = display.table(f"Accounting periods of {tenant.key}", columns, [list(row.values()) for row in rows])
        display.console(cast("TextIO", self.stdout)).print(table)


def _plain(row: AccountingPeriod) -> dict[str, str]:
    return {
        "month": row.month,
        "state": row.state,
        "start": told(row.start_at),
        "end": told(row.end_at),
        "changed_at": told(row.changed_at),
        "reason": row.reason,
    }
