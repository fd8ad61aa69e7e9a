"""One customer and the accounts that most tests post between; an operator who looks at them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from core.models import Membership, Tenant
from core.money import PICO
from customers.models import Customer
from ledger.accounts import AccountIdentity
from ledger.chart import Code
from ledger.transfers import Transfer
from tests.ledger.builders import new_customer, opened, posted, transfer


@pytest.fixture
def books(fresh_books: Tenant) -> Tenant:
    """Not verified at the end: no charge, document or payment stands behind the transfers of the ledger's own tests."""
    return fresh_books


@pytest.fixture
def acme(books: Tenant) -> Customer:
    return new_customer()


@pytest.fixture
def unbilled(acme: Customer) -> AccountIdentity:
    return opened(acme, Code.UNBILLED_RECEIVABLE)


@pytest.fixture
def revenue(acme: Customer) -> AccountIdentity:
    return opened(acme, Code.REVENUE)


@pytest.fixture
def wallet(acme: Customer) -> AccountIdentity:
    return opened(acme, Code.WALLET_PAID)


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
