"""The books, exported and read back by the programs that accountants use: every account comes to the same balance."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import data

from core.models import Tenant
from core.money import format_pico
from ledger import exports
from ledger.journal import beancount, hledger
from ledger.journal.entries import NamedAccount
from ledger.models import Account
from tests.support import world
from tests.support.commands import manage, succeed

needs_hledger = pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")

#: Keys that mean something to the programs, where they are not escaped.
ODD = ["c-01", 'a:b  c;d "e" {f} 100%', "=1+1", "Πέτρος--x"]


@pytest.fixture
def busy(books: Tenant) -> Tenant:
    """Fees and usage in three currencies, late usage, a void and payments."""
    prices: list[dict[str, Any]] = [
        {"key": "fee", "model": "flat", "amount": "49", "timing": "advance"},
        {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": "0.0123456789"},
    ]
    customers = dict(zip(ODD, ["USD", "EUR", "JPY", "USD"], strict=True))
    world.apply(
        {
            "customers": [world.customer(key, currency=currency) for key, currency in customers.items()],
            "meters": [{"key": "calls", "event_type": "used", "aggregation": "sum", "property": "n"}],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan(code, prices, currency=code) for code in ("USD", "EUR", "JPY")],
            "subscriptions": [
                {
                    "key": f"s-{n}",
                    "customer": key,
                    "plan": customers[key],
                    "start": world.day(f"2026-01-{1 + 4 * n:02}"),
                }
                for n, key in enumerate(ODD)
            ],
        }
    )
    world.ingest(
        *[world.event(f"e{n}", time="2026-01-20T00:00:00Z", subject=key, n="1234.5") for n, key in enumerate(ODD)]
    )
    world.bill("2026-02-20")
    world.ingest(world.event("late", time="2026-01-21T00:00:00Z", subject=ODD[1], n="77"))
    world.bill("2026-03-20")
    _pay_and_void(books)
    return books


def _pay_and_void(books: Tenant) -> None:
    numbers = [number for number, *_ in world.invoices()]
    for number, amount in ((numbers[0], "50.00"), (numbers[1], "10.00")):
        succeed("pay", number, "--tenant", books.key, "--amount", amount, "--on", "2026-03-01", "--reference", number)
    succeed("void", numbers[-1], "--tenant", books.key, "--as", "rebill", "--reason", "wrong")


def _export(books: Tenant, form: str, *options: str) -> str:
    return succeed("export_journal", "--tenant", books.key, "--format", form, *options).out


def _ours() -> dict[tuple[NamedAccount, str], Decimal]:
    """Posted debits − credits of every account that has a balance."""
    named = exports.accounts()
    sums = {
        (named[row.id], named[row.id].commodity): Decimal(format_pico(row.debits_posted - row.credits_posted))
        for row in Account.objects.all()
    }
    return {key: amount for key, amount in sums.items() if amount}


def _by_name(name: Any) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (named, commodity), amount in _ours().items():
        found[name(named), commodity] += amount
    return dict(found)


@needs_hledger
def test_hledger_accepts_the_books_and_comes_to_the_same(busy: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "books.journal"
    file.write_text(_export(busy, "hledger"))
    _hledger(file, "check", "--strict", "ordereddates")
    rows = csv.DictReader(StringIO(_hledger(file, "balance", "--flat", "--layout", "bare", "--no-total", "-O", "csv")))
    theirs = {(row["account"], row["commodity"]): Decimal(row["balance"]) for row in rows}
    assert {key: amount for key, amount in theirs.items() if amount} == _by_name(hledger.account)


def _hledger(file: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["hledger", *arguments, "-f", str(file)],
        capture_output=True,
        text=True,
        env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_beancount_accepts_the_books_and_comes_to_the_same(busy: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "books.beancount"
    file.write_text(_export(busy, "beancount"))
    checked = subprocess.run([Path(sys.executable).parent / "bean-check", file], capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")
    entries, errors, _ = loader.load_file(str(file))
    assert errors == []
    theirs: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            assert posting.units is not None
            theirs[posting.account, posting.units.currency] += Decimal(str(posting.units.number))
    assert {key: amount for key, amount in theirs.items() if amount} == _by_name(beancount.account)


def test_the_rows_of_the_table_come_to_the_same(busy: Tenant) -> None:
    theirs: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for row in csv.DictReader(StringIO(_export(busy, "csv"))):
        for side, sign in (("debit", 1), ("credit", -1)):
            name = (row[f"{side}_code"], row[f"{side}_customer"].removeprefix("'"), row[f"{side}_sub"])
            theirs[*name, row["currency"]] += sign * Decimal(row["amount"])
    ours = {(str(one.code), one.owner, one.sub, code): amount for (one, code), amount in _ours().items()}
    assert {key: amount for key, amount in theirs.items() if amount} == ours


@pytest.mark.parametrize("form", ["hledger", "beancount", "csv"])
def test_the_same_books_are_exported_as_the_same_bytes(busy: Tenant, form: str) -> None:
    assert _export(busy, form) == _export(busy, form)


def test_parts_of_the_books_are_the_whole(busy: Tenant) -> None:
    """Everything before a day, and everything from it on; days are those of the zone."""
    before, after = _export(busy, "csv", "--to", "2026-02-01"), _export(busy, "csv", "--from", "2026-02-01")
    header, *rows = _export(busy, "csv").splitlines()
    assert [header, *before.splitlines()[1:], *after.splitlines()[1:]] == [header, *rows]
    assert min(len(before.splitlines()), len(after.splitlines())) > 1
    ahead = _export(busy, "csv", "--from", "2026-02-01", "--time-zone", "Pacific/Kiritimati")
    assert "2026-01-31T" not in after
    assert len(ahead.splitlines()) >= len(after.splitlines())


def test_empty_books_are_exported_too(books: Tenant) -> None:
    assert _export(books, "csv").count("\n") == 1
    assert _export(books, "hledger").startswith("decimal-mark .")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--format", "xml"), "invalid choice: 'xml'"),
        (("--format", "csv", "--from", "2026-02-30"), "'2026-02-30' is not a day"),
        (("--format", "csv", "--time-zone", "Mars/Olympus"), "time-zone: "),
        (("--format", "csv", "--from", "2026-02-02", "--to", "2026-02-02"), "--to: must be after --from"),
        ((), "the following arguments are required: --format"),
    ],
)
def test_wrong_usage_is_told(books: Tenant, options: tuple[str, ...], told: str) -> None:
    done = manage("export_journal", "--tenant", books.key, *options)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
