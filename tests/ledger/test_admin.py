"""The books in the console: all to be read, nothing to be changed."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from core.access.scope import tenant_id
from core.models import Membership, Tenant
from core.money import PICO
from ledger.chart import Code
from ledger.transfers import Transfer
from tests.ledger.builders import fresh_tenant, new_customer, opened, posted, transfer


@pytest.fixture
def booked(books: Tenant) -> Transfer:
    """EUR 12.50 charged to a customer."""
    acme = new_customer()
    charge = transfer(opened(acme, Code.UNBILLED_RECEIVABLE), opened(acme, Code.REVENUE), 25 * PICO // 2)
    posted(charge)
    return charge


@pytest.fixture
def console(client: Client, books: Tenant) -> Client:
    """The console's session of an operator of these books."""
    operator = get_user_model().objects.create_superuser(f"operator-{uuid4().hex}", password=uuid4().hex)
    Membership.objects.create(user=operator, role="owner")
    client.force_login(operator)
    return client


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
