"""An account's statement in the console: any span of days, page by page."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from msgspec.structs import replace

from core.access.scope import tenant_id
from core.access.services import change_tenant
from core.models import Tenant, new_id
from core.money import PICO
from ledger.chart import Code
from ledger.models import Account
from ledger.transfers import Transfer
from tests.ledger.builders import APRIL_1, bare_account, fresh_tenant, move, new_customer, opened, posted
from tests.ledger.interfering import posting_meanwhile
from tests.support.world import TESTER, instant


def _address(account_id: Any) -> str:
    return reverse("admin:ledger_statement", args=[account_id])


def _rows(page: str) -> list[list[str]]:
    """The cells of the page's table."""
    rows = re.findall(r"<tr>(<td.*?)</tr>", page, re.DOTALL)
    cells = (re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows)
    return [[html.unescape(re.sub("<[^>]+>", "", cell)) for cell in row] for row in cells]


def test_it_runs_from_an_opening_to_a_closing_balance(console: Client, booked: Transfer) -> None:
    """Debits and credits stand apart; what was booked late says where it belongs."""
    late = replace(booked, id=new_id(), amount=20 * PICO, effective_at=APRIL_1, belongs_at=instant("2026-02-03"))
    back = replace(late, id=new_id(), debit_account_id=late.credit_account_id, credit_account_id=late.debit_account_id)
    posted(late, replace(back, amount=5 * PICO, belongs_at=None))
    page = console.get(_address(booked.debit_account_id)).content.decode()
    assert _rows(page) == [
        ["", "Opening balance", "", "", "", "0.00"],
        ["2026-03-01 00:00", "charge", "4000 revenue", "12.50", "", "12.50"],
        ["2026-04-01 00:00", "charge, belongs to 2026-02-03 00:00", "4000 revenue", "20.00", "", "32.50"],
        ["2026-04-01 00:00", "charge", "4000 revenue", "", "5.00", "27.50"],
        ["", "Closing balance", "", "", "", "27.50"],
    ]
    assert "1200 unbilled receivable" in page
    assert "in EUR" in page


def test_its_days_are_the_books(console: Client, booked: Transfer) -> None:
    """In Auckland 1 March ends at 11 in the morning of UTC, and is in the statement as a whole."""
    tenant = Tenant.objects.get(pk=tenant_id())
    change_tenant(tenant=tenant, name=tenant.name, time_zone="Pacific/Auckland", metadata={}, actor=TESTER)
    for amount, at in ((30, "2026-03-01T10:59:59.999999+00:00"), (70, "2026-03-01T11:00:00+00:00")):
        posted(replace(booked, id=new_id(), amount=amount * PICO, effective_at=instant(at)))
    page = console.get(_address(booked.debit_account_id), {"from": "2026-03-01", "to": "2026-03-01"}).content.decode()
    assert [row[5] for row in _rows(page)] == ["0.00", "12.50", "42.50", "42.50"]
    page = console.get(_address(booked.debit_account_id), {"from": "2026-03-02"}).content.decode()
    assert [row[5] for row in _rows(page)] == ["42.50", "112.50", "112.50"]


def test_a_long_one_is_turned_page_by_page(console: Client, booked: Transfer) -> None:
    """Each page begins with the balance of the one before it, and keeps to the days that were asked for."""
    posted(*(replace(booked, id=new_id(), amount=PICO, effective_at=APRIL_1) for _ in range(51)))
    address = _address(booked.debit_account_id)
    first = console.get(address, {"from": "2026-04-01"}).content.decode()
    assert ([row[1] for row in _rows(first)][:1], _rows(first)[-1][1::4]) == (
        ["Opening balance"],
        ["Carried forward", "62.50"],
    )
    [following] = re.findall(r'href="(\?[^"]*)">Next page', first)
    second = console.get(address + html.unescape(following)).content.decode()
    assert [row[1::4] for row in _rows(second)] == [
        ["Brought forward", "62.50"],
        ["charge", "63.50"],
        ["Closing balance", "63.50"],
    ]
    [beginning] = re.findall(r'href="(\?[^"]*)">First page', second)
    assert _rows(console.get(address + html.unescape(beginning)).content.decode()) == _rows(first)
    assert "Next page" not in second
    assert "First page" not in first


@pytest.mark.parametrize(
    "query, told",
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to: is a day before the first"),
        ({"cursor": "none"}, "cursor: is not a cursor that this list gave"),
        ({"from": "never", "to": "2026-02-30"}, "Closing balance"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, "Closing balance"),
        ({"from": "0001-01-03", "to": "9999-12-29"}, "Closing balance"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Honolulu", "Pacific/Kiritimati"])
def test_what_can_not_be_shown_is_said(
    console: Client, booked: Transfer, query: dict[str, str], told: str, zone: str
) -> None:
    tenant = Tenant.objects.get(pk=tenant_id())
    change_tenant(tenant=tenant, name=tenant.name, time_zone=zone, metadata={}, actor=TESTER)
    answer = console.get(_address(booked.debit_account_id), query)
    assert (answer.status_code, told in answer.content.decode()) == (200, True)


def test_a_cursor_of_another_account_is_refused(console: Client, booked: Transfer) -> None:
    posted(*(replace(booked, id=new_id()) for _ in range(50)))
    first = console.get(_address(booked.debit_account_id)).content.decode()
    [following] = re.findall(r'href="(\?[^"]*)">Next page', first)
    other = console.get(_address(booked.credit_account_id) + html.unescape(following)).content.decode()
    assert "cursor: is of another account or of other times" in other
    assert _rows(other) == []


def test_an_accounts_page_shows_its_last_movements(console: Client, booked: Transfer) -> None:
    """The last first, each with the balance after it; and leads to the statement."""
    posted(replace(booked, id=new_id(), amount=PICO, effective_at=APRIL_1))
    address = reverse("admin:ledger_account_change", args=[booked.debit_account_id])
    page = console.get(address).content.decode()
    assert [row[3:] for row in _rows(page)] == [["1.00", "", "13.50"], ["12.50", "", "12.50"]]
    assert f'href="{_address(booked.debit_account_id)}"' in page


def test_what_was_booked_between_two_pages_is_told(console: Client, booked: Transfer) -> None:
    """It counts before the second, whose balances don't have it."""
    posted(*(replace(booked, id=new_id(), amount=PICO, effective_at=APRIL_1) for _ in range(51)))
    address = _address(booked.debit_account_id)
    [following] = re.findall(r'href="(\?[^"]*)">Next page', console.get(address).content.decode())
    assert "was booked that counts earlier" not in console.get(address + html.unescape(following)).content.decode()
    posted(replace(booked, id=new_id(), amount=1000 * PICO))
    second = console.get(address + html.unescape(following)).content.decode()
    assert _rows(second)[-1][5] == "63.50"
    assert "Since the first page EUR 1,000.00 was booked that counts earlier" in second


def test_an_accounts_page_is_of_one_moment(console: Client, booked: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where something is posted while it is read."""
    posting_meanwhile(booked, monkeypatch)
    page = console.get(reverse("admin:ledger_account_change", args=[booked.debit_account_id])).content.decode()
    assert [row[3:] for row in _rows(page)] == [["12.50", "", "12.50"]]


def test_an_account_of_no_currency_has_one_too(console: Client, books: Tenant) -> None:
    debit, credit = bare_account(ledger=7), bare_account(ledger=7)
    posted(move(debit, credit, 5 * PICO, ledger=7))
    page = console.get(_address(debit)).content.decode()
    assert [row[5] for row in _rows(page)] == ["0", "5", "5"]
    assert "in L7" in page


def test_an_account_of_other_books_is_not_there(console: Client, booked: Transfer) -> None:
    with fresh_tenant():
        stranger = opened(new_customer("northwind"), Code.REVENUE).id_in(tenant_id())
    for account_id in (stranger, new_id()):
        assert console.get(_address(account_id)).status_code == 404
    assert Account.objects.count() == 2


def test_an_empty_account_opens_and_closes_with_nothing(console: Client, books: Tenant) -> None:
    page = console.get(_address(opened(new_customer(), Code.REVENUE).id_in(tenant_id()))).content.decode()
    assert [row[1::4] for row in _rows(page)] == [["Opening balance", "0.00"], ["Closing balance", "0.00"]]
