"""Customers, accounts and transfers for the ledger's tests; all in the tenant in scope."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from core.access.scope import tenant_id, tenant_scope
from core.access.services import open_tenant
from core.actor import SYSTEM
from core.currency import currency
from core.db.transaction import atomic
from core.models import Tenant, new_id
from customers.models import Customer, Tree
from ledger import services
from ledger.accounts import LARGEST, NO_ID, AccountIdentity, AccountRecord, Balances
from ledger.results import Result
from ledger.selectors import balances
from ledger.transfers import Transfer, TransferFlags, between

MARCH_1 = datetime(2026, 3, 1, tzinfo=UTC)
APRIL_1 = datetime(2026, 4, 1, tzinfo=UTC)
MAY_1 = datetime(2026, 5, 1, tzinfo=UTC)


@contextmanager
def fresh_tenant() -> Iterator[Tenant]:
    """A sandbox of its own, entered."""
    tenant = open_tenant(key=f"ledger-{uuid4().hex}", name="Books", kind="sandbox", actor=SYSTEM, clock_at=MARCH_1)
    with tenant_scope(tenant.id):
        yield tenant


def new_customer(key: str = "acme") -> Customer:
    """A root customer, without the service's ceremony."""
    root = new_id()
    with atomic():
        tree = Tree.objects.create(id=root)
        fields = {"currency": "EUR", "time_zone": "UTC", "created_at": MARCH_1}
        customer: Customer = Customer.objects.create(id=root, key=key, tree=tree, **fields)
    return customer


def opened(customer: Customer, code: int, *, currency_code: str = "EUR", sub: str = "") -> AccountIdentity:
    """One of the customer's accounts, opened."""
    identity = AccountIdentity(customer.id, currency_code, code, sub)
    services.open_accounts([identity])
    return identity


def bare_account(flags: int = 0, *, ledger: int = 1) -> UUID:
    """The id of a new account without a customer, as TigerBeetle knows them."""
    account = AccountRecord(id=new_id(), ledger=ledger, code=1, flags=flags)
    assert services.create_accounts([account], at=MARCH_1) == ["created"]
    return account.id


def move(debit: UUID, credit: UUID, amount: int, **fields: Any) -> Transfer:
    """From one account of ledger 1 to another; what is not said is made up."""
    facts: dict[str, Any] = {
        "id": new_id(),
        "ledger": 1,
        "code": 900,
        "effective_at": MARCH_1,
        "journal_id": UUID(int=9),
    }
    return Transfer(**facts | {"debit_account_id": debit, "credit_account_id": credit, "amount": amount} | fields)


def settle(pending: Transfer, flag: TransferFlags, *, amount: int | None = None, **fields: Any) -> Transfer:
    """What posts or voids a pending transfer, all of it where no amount is given."""
    if amount is None:
        amount = LARGEST if flag is TransferFlags.POST_PENDING_TRANSFER else 0
    facts = {"flags": flag.value, "pending_id": pending.id, "ledger": 0, "code": 0}
    return move(NO_ID, NO_ID, amount, **facts | fields)


def transfer(debit: AccountIdentity, credit: AccountIdentity, amount: int, **fields: Any) -> Transfer:
    """From one account to another; what is not said is made up."""
    facts: dict[str, Any] = {
        "id": new_id(),
        "debit_account_id": debit.id_in(tenant_id()),
        "credit_account_id": credit.id_in(tenant_id()),
        "ledger": currency(debit.currency).number,
        "code": 1,
        "effective_at": MARCH_1,
        "journal_id": UUID(int=9),
    }
    return between(**facts | fields, amount=amount)


def posted(*transfers: Transfer, at: datetime = MARCH_1) -> list[Result]:
    """Posts in a transaction of their own."""
    with atomic():
        return services.post(transfers, at=at)


def held(*identities: AccountIdentity) -> list[Balances]:
    """The balances of the accounts, in their order."""
    ids = [identity.id_in(tenant_id()) for identity in identities]
    found = balances(ids)
    return [found[account_id] for account_id in ids]
