"""One customer and the accounts that most tests post between."""

from __future__ import annotations

import pytest

from core.models import Tenant
from customers.models import Customer
from ledger.accounts import AccountIdentity
from ledger.chart import Code
from tests.ledger.builders import new_customer, opened


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
