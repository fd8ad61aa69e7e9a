"""The books as text that other accounting programs read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.core.management.base import CommandParser

from core.arguments import day
from core.commands import TenantCommand
from core.db.snapshot import snapshot
from core.errors import InvalidValue
from core.models import Tenant
from core.period import local_midnight, zone_named
from ledger import exports
from ledger.journal import beancount, hledger, table
from ledger.journal.entries import Journal, NamedAccount, day_of, journals


class Writer(Protocol):
    def __call__(
        self, accounts: Iterable[NamedAccount], journals: Iterable[Journal], *, since: date
    ) -> Iterator[str]: ...


FORMATS: dict[str, Writer] = {"hledger": hledger.text, "beancount": beancount.text, "csv": table.text}


class Command(TenantCommand):
    help = "Prints all that was posted as an hledger journal, a Beancount ledger, or CSV; amounts with 12 decimals."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--format", choices=sorted(FORMATS), required=True)
        parser.add_argument("--from", dest="start", type=day, metavar="D", help="with what counts from this day on")
        parser.add_argument("--to", dest="end", type=day, metavar="D", help="and before this day")
        parser.add_argument("--time-zone", metavar="Z", help="whose calendar days they are (default: the books')")

    def run(self, tenant: Tenant, **options: Any) -> None:
        zone = self._zone(options["time_zone"] or tenant.time_zone)
        start, end = (None if day is None else local_midnight(day, zone) for day in (options["start"], options["end"]))
        if start is not None and end is not None and end <= start:
            self.misuse("--to: must be after --from")
        with snapshot():
            for line in _lines(FORMATS[options["format"]], zone, start, end):
                self.stdout.write(line)

    def _zone(self, name: str) -> ZoneInfo:
        try:
            return zone_named(name, field="time-zone")
        except InvalidValue as error:
            self.misuse(str(error))


def _lines(write: Writer, zone: ZoneInfo, start: datetime | None, end: datetime | None) -> Iterator[str]:
    named = exports.accounts()
    first = exports.first_at(start=start, end=end) or datetime(1970, 1, 1, tzinfo=UTC)
    rows = exports.posted(named, start=start, end=end)
    return write(named.values(), journals(rows, zone), since=day_of(first, zone))
