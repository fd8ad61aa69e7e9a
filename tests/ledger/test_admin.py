"""The books in the console: all to be read, nothing to be changed."""

from __future__ import annotations

import html
import re
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from msgspec.structs import replace

from core import clock
from core.access.scope import tenant_id
from core.access.services import change_tenant
from core.models import AuditRecord, Membership, Tenant, new_id
from core.money import PICO
from ledger import periods
from ledger.chart import Code
from ledger.models import AccountingPeriod
from ledger.transfers import Transfer
from tests.ledger.builders import bare_account, fresh_tenant, move, new_customer, opened, posted
from tests.support.world import TESTER, instant


@pytest.mark.parametrize("name", ["account", "transfer"])
def test_lists_and_records_can_be_read(console: Client, booked: Transfer, name: str) -> None:
    """With amounts in the currency, and names beside codes."""
    row = booked.id if name == "transfer" else booked.debit_account_id
    for page in (reverse(f"admin:ledger_{name}_changelist"), reverse(f"admin:ledger_{name}_change", args=[row])):
        text = console.get(page).content.decode()
        assert "EUR 12.50" in text
        assert "1200 unbilled receivable" in text


@pytest.mark.parametrize("name", ["account", "transfer"])
def test_nothing_can_be_added_changed_or_deleted(console: Client, booked: Transfer, name: str) -> None:
    """Not even by whoever may do everything (fault D2)."""
    row = booked.id if name == "transfer" else booked.debit_account_id
    pages = [
        reverse(f"admin:ledger_{name}_add"),
        reverse(f"admin:ledger_{name}_change", args=[row]),
        reverse(f"admin:ledger_{name}_delete", args=[row]),
    ]
    assert [console.post(page, {"amount": "1", "post": "yes"}).status_code for page in pages] == [403] * 3
    listed = reverse(f"admin:ledger_{name}_changelist")
    console.post(listed, {"action": "delete_selected", "_selected_action": [str(row)], "post": "yes"})
    assert "12.50" in console.get(listed).content.decode()


@pytest.mark.parametrize(
    "query, found",
    [
        ("q=acme", True),
        ("q=acm", False),
        ("q={transfer.id}", True),
        ("q={transfer.debit_account_id}", True),
        ("q=01930000-0000-7000-8000-000000000000", False),
        ("code=1", True),
        ("code=30", False),
        ("code=none", True),
    ],
)
def test_transfers_are_found(console: Client, booked: Transfer, query: str, found: bool) -> None:
    """By customer, by any id that they carry, and by what they are for."""
    page = reverse("admin:ledger_transfer_changelist") + "?" + query.format(transfer=booked)
    assert (str(booked.id) in console.get(page).content.decode()) is found


def test_another_tenants_books_are_not_shown(console: Client, booked: Transfer) -> None:
    """The operator sees the tenant they work in."""
    with fresh_tenant():
        other = new_customer("northwind")
        stranger = opened(other, Code.REVENUE).id_in(tenant_id())
    listed = console.get(reverse("admin:ledger_account_changelist")).content.decode()
    assert "acme" in listed
    assert "northwind" not in listed
    assert console.get(reverse("admin:ledger_account_change", args=[stranger])).status_code == 302


@pytest.fixture
def january(books: Tenant) -> AccountingPeriod:
    """It is open, and over."""
    clock.reach(to=instant("2026-02-15"), actor=TESTER)
    return periods.open_period(month="2026-01", actor=TESTER)


def _working_as(client: Client, role: str) -> Client:
    operator = get_user_model().objects.create_user(f"{role}-{uuid4().hex}", password=uuid4().hex, is_staff=True)
    Membership.objects.create(user=operator, role=role)
    client.force_login(operator)
    return client


def _asked(client: Client, action: str, period: AccountingPeriod, reason: str = "reviewed") -> str:
    page = reverse("admin:ledger_accountingperiod_changelist")
    values = {"action": action, "_selected_action": [str(period.pk)], "reason": reason}
    return client.post(page, values, follow=True).content.decode()


def _state() -> str:
    return str(AccountingPeriod.objects.get(month="2026-01").state)


@pytest.mark.parametrize(
    "role, closes, reopens",
    [
        ("owner", True, True),
        ("finance", True, False),
        ("support", False, False),
        ("engineer", False, False),
        ("auditor", False, False),
    ],
)
def test_who_may_close_and_reopen_a_month(
    client: Client, january: AccountingPeriod, role: str, closes: bool, reopens: bool
) -> None:
    """Finance closes; only an owner reopens what was closed. Each with a reason, which the trail keeps."""
    _working_as(client, role)
    _asked(client, "close", january)
    assert _state() == ("closed" if closes else "open")
    if not closes:
        periods.close(month="2026-01", reason="month end", actor=TESTER)
    _asked(client, "reopen", january, "an error")
    assert _state() == ("open" if reopens else "closed")
    trail = AuditRecord.objects.filter(event__in=["period.closed", "period.reopened"]).exclude(reason="month end")
    reasons = set(trail.values_list("reason", flat=True))
    assert reasons == ({"reviewed"} if closes else set()) | ({"an error"} if reopens else set())


@pytest.mark.parametrize("action", ["close", "reopen"])
def test_a_month_is_closed_and_reopened_for_a_reason(client: Client, january: AccountingPeriod, action: str) -> None:
    if action == "reopen":
        periods.close(month="2026-01", reason="month end", actor=TESTER)
    told = _asked(_working_as(client, "owner"), action, january, " ")
    assert "reason: is required" in told
    assert _state() == ("open" if action == "close" else "closed")


def test_the_trial_balance_leads_to_the_accounts_of_a_ledger_without_a_currency(console: Client, books: Tenant) -> None:
    for ledger, amount in ((1, 5), (2, 7)):
        posted(move(bare_account(ledger=ledger), bare_account(ledger=ledger), amount * PICO, ledger=ledger))
    page = console.get("/console/ledger/trial-balance/").content.decode()
    assert [f'id="in-{name}">{name} ' in page for name in ("L1", "L2", "L3")] == [True, True, False]
    (address,) = {html.unescape(one) for one in re.findall(r'href="([^"]*ledger__exact=2)"', page)}
    answer = console.get(address)
    assert (answer.status_code, answer.context["cl"].result_count) == (200, 2)


def test_the_trial_balance_of_a_day_is_as_of_its_end_where_the_books_are(console: Client, booked: Transfer) -> None:
    """In Auckland 1 March ends at 11 in the morning of UTC."""
    tenant = Tenant.objects.get(pk=tenant_id())
    change_tenant(tenant=tenant, name=tenant.name, time_zone="Pacific/Auckland", metadata={}, actor=TESTER)
    for amount, at in ((30, "2026-03-01T10:59:59.999999+00:00"), (70, "2026-03-01T11:00:00+00:00")):
        posted(replace(booked, id=new_id(), amount=amount * PICO, effective_at=instant(at)))
    page = console.get("/console/ledger/trial-balance/?as_of=2026-03-01").content.decode()
    assert "42.50" in page
    assert "112.50" not in page
