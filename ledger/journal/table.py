"""The books as CSV, a row for each transfer. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from io import StringIO

from ledger.chart import account_name, transfer_name
from ledger.journal.entries import Journal, NamedAccount, Posted, told

_SIDE = ("code", "account", "customer", "sub")
COLUMNS = (
    *("date", "effective_at", "belongs_at", "recorded_at"),
    *("journal_id", "transfer_id", "about", "transfer_code", "transfer"),
    *(f"debit_{name}" for name in _SIDE),
    *(f"credit_{name}" for name in _SIDE),
    *("currency", "amount"),
)
#: What a spreadsheet takes for the beginning of a formula; and the apostrophe, so that no two names become the same.
_LED = ("=", "+", "-", "@", "\t", "\r", "'")


def text(accounts: Iterable[NamedAccount], journals: Iterable[Journal], *, since: date) -> Iterator[str]:
    """The header and a line for each transfer; RFC 4180 but for the line ends, which are the caller's."""
    yield ",".join(COLUMNS)
    for journal in journals:
        for transfer in journal.transfers:
            yield _line(_row(transfer, journal.on))


def _row(transfer: Posted, on: date) -> list[str]:
    return [
        on.isoformat(),
        told(transfer.effective_at),
        told(transfer.belongs_at) if transfer.belongs_at else "",
        told(transfer.recorded_at),
        str(transfer.journal_id),
        str(transfer.id),
        str(transfer.about or ""),
        str(transfer.code),
        transfer_name(transfer.code),
        *_side(transfer.debit),
        *_side(transfer.credit),
        transfer.commodity,
        transfer.written,
    ]


def _side(named: NamedAccount) -> list[str]:
    return [str(named.code), account_name(named.code), _harmless(named.owner), _harmless(named.sub)]


def _harmless(value: str) -> str:
    """The text, led by an apostrophe where a spreadsheet would run it."""
    return f"'{value}" if value.startswith(_LED) else value


def _line(row: list[str]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerow(row)
    return buffer.getvalue().removesuffix("\r\n")
