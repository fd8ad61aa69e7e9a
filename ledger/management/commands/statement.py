"""What happened on one of a customer's accounts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple, TextIO, cast
from uuid import UUID

from django.core.management.base import CommandParser

from core import display
from core.arguments import count, day_or_instant
from core.commands import TenantCommand
from core.db.snapshot import snapshot
from core.models import Tenant
from customers.selectors import customer
from ledger import cursors, selectors
from ledger.accounts import AccountIdentity
from ledger.chart import Code, account_name, transfer_name
from ledger.management.values import amount, beginning, ending, told
from ledger.reports import Movement, Place, Statement
from ledger.statements import Span, closing_balance, pages, statement


class Command(TenantCommand):
    help = "Prints a customer's account: opening balance, movements, closing balance, for each currency that it has."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--customer", required=True, metavar="KEY", help="the customer's key or id")
        codes = [code.value for code in Code]
        parser.add_argument("--account", required=True, type=int, choices=codes, metavar="CODE", help="such as 1200")
        parser.add_argument("--from", dest="start", type=day_or_instant, metavar="T", help="what counts from then on")
        parser.add_argument("--to", dest="end", type=day_or_instant, metavar="T", help="and before then")
        parser.add_argument("--recorded-by", type=day_or_instant, metavar="T", help="what was known by that day's end")
        parser.add_argument("--limit", type=count, metavar="N", help="so many movements of each at most")
        parser.add_argument("--cursor", metavar="TEXT", help="the page after the one that ended with this text")
        parser.add_argument("--json", action="store_true", help="one JSON value")

    def run(self, tenant: Tenant, **options: Any) -> None:
        start, end = (beginning(options[name], tenant) for name in ("start", "end"))
        if start and end and end <= start:
            self.misuse("--to: must be after --from")
        found, code, asked = customer(options["customer"]), options["account"], options["cursor"]
        span = Span(start=start, end=end, recorded_by=ending(options["recorded_by"], tenant))
        accounts = {one.id_in(tenant.id): one for one in selectors.identities(customer_id=found.id, code=code)}
        after = None
        if asked is not None:
            chosen, after = cursors.read(asked, accounts, span)
            accounts = {chosen: accounts[chosen]}
        # What counts earlier may be booked meanwhile: the pages must still add up.
        with snapshot():
            statements = [_Asked(of_id, one, span, after, options["limit"]) for of_id, one in accounts.items()]
            if options["json"]:
                plain = {"customer": found.key, "code": code, "account": account_name(code)}
                self.result_json(plain | {"statements": [one.plain() for one in statements]})
                return
            for one in statements:
                self._print(found.key, one)
        if not accounts:
            self.stdout.write(f"{found.key} has no account {code} {account_name(code)}: nothing was ever booked there.")

    def _print(self, customer_key: str, asked: _Asked) -> None:
        currency, goes_on = asked.account.currency, asked.after is not None
        name = " ".join(filter(None, (f"{asked.account.code} {account_name(asked.account.code)}", asked.account.sub)))
        columns = ("effective", "what", "other account", "amount", "balance")
        console = display.console(cast("TextIO", self.stdout))
        for page in asked.pages():
            rows = [
                ["", "brought forward" if goes_on else "opening balance", "", "", amount(page.opening, currency)],
                *(_row(movement, currency) for movement in page.movements),
                ["", "carried forward" if page.next else "closing balance", "", "", amount(page.closing, currency)],
            ]
            title = f"{customer_key}: {name} {currency}{', continued' if goes_on else ''}"
            console.print(display.table(title, columns, rows, right=columns[3:]))
            goes_on = True
            if asked.limit and page.next:
                self.stdout.write(f"There is more: --cursor {cursors.written(asked.account_id, asked.span, page.next)}")


class _Asked(NamedTuple):
    """The statement of one account: a page of it where there is a limit, else all that is left."""

    account_id: UUID
    account: AccountIdentity
    span: Span
    after: Place | None
    limit: int | None

    def pages(self) -> Iterator[Statement]:
        if self.limit is None:
            return pages(self.account_id, span=self.span, after=self.after)
        return iter([statement(self.account_id, span=self.span, after=self.after, limit=self.limit)])

    def plain(self) -> dict[str, Any]:
        """As JSON says it; what follows the first page is read while it is written."""
        currency, further = self.account.currency, self.pages()
        first = next(further)
        closing, following = first.closing, first.next
        if self.limit is None and following:
            closing, following = closing_balance(self.account_id, span=self.span, after=following), None
        movements = chain(first.movements, chain.from_iterable(page.movements for page in further))
        return {
            "currency": currency,
            "sub": self.account.sub,
            "opening": amount(first.opening, currency),
            "movements": (_plain_movement(movement, currency) for movement in movements),
            "closing": amount(closing, currency),
            "next": cursors.written(self.account_id, self.span, following),
        }


def _row(movement: Movement, currency: str) -> list[str]:
    other = f"{movement.counter_code} {account_name(movement.counter_code)} {movement.counter_sub}".strip()
    money = [amount(movement.amount, currency), amount(movement.balance, currency)]
    late = f", belongs to {told(movement.belongs_at)}" if movement.belongs_at else ""
    return [told(movement.effective_at), f"{transfer_name(movement.code)}{late}", other, *money]


def _plain_movement(movement: Movement, currency: str) -> dict[str, Any]:
    return {
        "transfer": str(movement.transfer_id),
        "effective_at": told(movement.effective_at),
        "belongs_at": movement.belongs_at and told(movement.belongs_at),
        "recorded_at": told(movement.recorded_at),
        "code": movement.code,
        "what": transfer_name(movement.code),
        "about": movement.user_data_128 and str(movement.user_data_128),
        "journal": str(movement.journal_id),
        "other_account": {"code": movement.counter_code, "sub": movement.counter_sub},
        "amount": amount(movement.amount, currency),
        "balance": amount(movement.balance, currency),
    }
