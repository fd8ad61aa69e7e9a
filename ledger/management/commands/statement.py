"""What happened on one of a customer's accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self, TextIO, cast
from uuid import UUID

import msgspec
from django.core.management.base import CommandParser

from core import display, pages
from core.access.scope import tenant_id
from core.arguments import count, day_or_instant
from core.commands import TenantCommand
from core.errors import InvalidValue
from core.models import Tenant
from customers.selectors import customer
from ledger import selectors
from ledger.accounts import AccountIdentity
from ledger.chart import Code, account_name, transfer_name
from ledger.management.values import amount, beginning, ending, told
from ledger.reports import Movement, Place, Statement
from ledger.statements import Span, statement


class _Mark(msgspec.Struct, frozen=True):
    """What a cursor says: of which account and time the statement is, and where a page of it ends.

    JSON's numbers hold no such balance.
    """

    account: UUID
    start: datetime | None
    end: datetime | None
    recorded_by: datetime | None
    effective_at: Annotated[datetime, msgspec.Meta(tz=True)]
    ordinal: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    balance: Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,39}\Z")]

    @classmethod
    def of(cls, account: AccountIdentity, span: Span, place: Place) -> Self:
        asked = account.id_in(tenant_id()), span.start, span.end, span.recorded_by
        return cls(*asked, place.effective_at, place.ordinal, str(place.balance))

    def is_of(self, account: AccountIdentity, span: Span) -> bool:
        return self == self.of(account, span, self.place)

    @property
    def place(self) -> Place:
        return Place(self.effective_at, self.ordinal, int(self.balance))


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
        found, code = customer(options["customer"]), options["account"]
        accounts = selectors.identities(customer_id=found.id, code=code)
        span = Span(start=start, end=end, recorded_by=ending(options["recorded_by"], tenant))
        mark = None if options["cursor"] is None else pages.read(options["cursor"], _Mark)
        if mark:
            accounts = [one for one in accounts if mark.is_of(one, span)]
            if not accounts:
                raise InvalidValue("is of another account or of other times", field="cursor")
        after, limit = mark.place if mark else None, options["limit"]
        statements = [statement(one, span=span, after=after, limit=limit) for one in accounts]
        cursors = [_cursor(one, span) for one in statements]
        if options["json"]:
            plain = {"customer": found.key, "code": code, "account": account_name(code)}
            both = zip(statements, cursors, strict=True)
            self.result_json(plain | {"statements": [_plain(one) | {"next": cursor} for one, cursor in both]})
            return
        if not statements:
            self.stdout.write(f"{found.key} has no account {code} {account_name(code)}: nothing was ever booked there.")
        for one, cursor in zip(statements, cursors, strict=True):
            self._print(found.key, one, goes_on=mark is not None, cursor=cursor)

    def _print(self, customer_key: str, statement: Statement, *, goes_on: bool, cursor: str | None) -> None:
        account = statement.account
        name = " ".join(filter(None, (str(account.code), account_name(account.code), account.sub, account.currency)))
        columns = ("effective", "what", "other account", "amount", "balance")
        first = "brought forward" if goes_on else "opening balance"
        last = "carried forward" if cursor else "closing balance"
        rows = [
            ["", first, "", "", amount(statement.opening, account.currency)],
            *(_row(movement, account.currency) for movement in statement.movements),
            ["", last, "", "", amount(statement.closing, account.currency)],
        ]
        table = display.table(f"{customer_key}: {name}", columns, rows, right=columns[3:])
        display.console(cast("TextIO", self.stdout)).print(table)
        if cursor:
            self.stdout.write(f"There is more: --cursor {cursor}")


def _cursor(statement: Statement, span: Span) -> str | None:
    """Where the page after it begins."""
    return pages.cursor(_Mark.of(statement.account, span, statement.next)) if statement.next else None


def _row(movement: Movement, currency: str) -> list[str]:
    other = f"{movement.counter_code} {account_name(movement.counter_code)} {movement.counter_sub}".strip()
    money = [amount(movement.amount, currency), amount(movement.balance, currency)]
    late = f", belongs to {told(movement.belongs_at)}" if movement.belongs_at else ""
    return [told(movement.effective_at), f"{transfer_name(movement.code)}{late}", other, *money]


def _plain(statement: Statement) -> dict[str, Any]:
    currency = statement.account.currency
    return {
        "currency": currency,
        "sub": statement.account.sub,
        "opening": amount(statement.opening, currency),
        "movements": [_plain_movement(movement, currency) for movement in statement.movements],
        "closing": amount(statement.closing, currency),
    }


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
