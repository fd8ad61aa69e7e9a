"""The books as a spreadsheet reads them."""

from __future__ import annotations

import csv
from datetime import date
from uuid import UUID

import pytest

from core.money import PICO
from ledger.chart import TransferCode
from ledger.journal.entries import Journal, NamedAccount
from ledger.journal.table import text
from tests.ledger.journal.samples import CASH, OPENING, RECEIVABLE, transfer


def test_a_row_for_each_transfer() -> None:
    first, second = csv.DictReader(text([], [OPENING], since=OPENING.on))
    assert first == {
        "date": "2026-02-01",
        "effective_at": "2026-02-01T00:00:00Z",
        "belongs_at": "",
        "recorded_at": "2026-02-02T00:00:00Z",
        "journal_id": str(UUID(int=9)),
        "transfer_id": str(UUID(int=1)),
        "about": str(UUID(int=8)),
        "transfer_code": "10",
        "transfer": "invoice opened",
        "debit_code": "1100",
        "debit_account": "accounts receivable",
        "debit_customer": "c-01",
        "debit_sub": "",
        "credit_code": "1200",
        "credit_account": "unbilled receivable",
        "credit_customer": "c-01",
        "credit_sub": "",
        "currency": "EUR",
        "amount": "12.340000000000",
    }
    assert second["amount"] == "0.000000000001"


@pytest.mark.parametrize("key", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_a_spreadsheet_runs_nothing(key: str) -> None:
    """Names that look like a formula are led by an apostrophe (faults J5), and those led by one by another."""
    paid = transfer(1, CASH, NamedAccount(1100, key, "", "EUR"), PICO, TransferCode.PAYMENT)
    (row,) = csv.DictReader(text([], [Journal(date(2026, 2, 1), UUID(int=9), (paid,))], since=date(2026, 2, 1)))
    assert row["credit_customer"] == f"'{key}"
    assert row["amount"] == "1.000000000000"


def test_commas_and_quotes_stay_within_their_cell() -> None:
    odd = NamedAccount(1100, 'a,"b', "", "EUR")
    paid = transfer(1, odd, RECEIVABLE, PICO, TransferCode.PAYMENT)
    (row,) = csv.DictReader(text([], [Journal(date(2026, 2, 1), UUID(int=9), (paid,))], since=date(2026, 2, 1)))
    assert (row["debit_customer"], row["currency"]) == ('a,"b', "EUR")
