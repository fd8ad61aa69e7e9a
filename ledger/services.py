"""Opening accounts, posting transfers and expiring pending ones: every write to the ledger."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from core import clock
from core.access.scope import tenant_id, tenant_scope
from core.currency import CURRENCIES, currency
from core.db import bulk
from core.db.retry import retrying
from core.db.transaction import atomic
from core.errors import InvalidValue, Refusal
from core.models import Tenant
from customers import checks
from customers.models import Customer
from ledger import expiring, rows
from ledger.accounts import AccountIdentity, AccountRecord
from ledger.chart import AccountFlags, opening_flags
from ledger.models import Account
from ledger.opening import Register, judge_accounts
from ledger.posting import IdTaken, post_in_order, posted_at_once
from ledger.results import AccountResult, Result
from ledger.transfers import Transfer

__all__ = [
    "IdTaken",
    "PostingRefused",
    "create_accounts",
    "create_transfers",
    "expire_every_tenant",
    "expire_pending",
    "open_accounts",
    "post",
    "post_all",
]

logger = logging.getLogger(__name__)
_ACCOUNT_COLUMNS = (
    *("id", "tenant_id", "customer_id", "currency", "code", "sub", "ledger", "flags", "closed"),
    *("user_data_128", "user_data_64", "user_data_32"),
    *("debits_pending", "debits_posted", "credits_pending", "credits_posted", "created_at"),
)
_CURRENCY_OF = {known.number: known.code for known in CURRENCIES.values()}
_LONGEST_SUB = Account._meta.get_field("sub").max_length or 0
#: So many pending transfers expire in one transaction.
_CHUNK = 500


class PostingRefused(Refusal):
    """A transfer that had to be posted was not: `index` in the batch, its id and the result."""

    code = "posting_refused"


def open_accounts(identities: Iterable[AccountIdentity]) -> dict[AccountIdentity, UUID]:
    """The ids of these accounts of the tenant in scope; those not there yet are opened.

    Raises InvalidValue where one is to be opened for a customer that the tenant doesn't have, or under a `sub` that no
    account can have, and IdTaken where somebody gave the id of such an account to another one.
    """
    tenant = tenant_id()
    ids = {identity: identity.id_in(tenant) for identity in identities}
    with atomic():
        there = _identities(ids.values())
        if missing := [identity for identity, account_id in ids.items() if account_id not in there]:
            _check_openable(missing)
            at = clock.now()
            new = [_row(tenant, ids[identity], identity, at) for identity in missing]
            bulk.insert_new("ledger_account", _ACCOUNT_COLUMNS, new, key="id")
            there |= _identities(ids[identity] for identity in missing)
    for identity, account_id in ids.items():
        if there.get(account_id) != identity:
            raise IdTaken(f"account {account_id} is another one", account=account_id)
    return ids


def create_accounts(accounts: Sequence[AccountRecord], *, at: datetime) -> list[AccountResult]:
    """What became of each account, by TigerBeetle's names; those `created` are saved. Of the tenant in scope.

    They belong to no customer. Raises IdTaken. Safe to repeat: the second time they `exist`.
    """

    def work() -> list[AccountResult]:
        with atomic(savepoint=True):
            register = Register(rows.accounts({account.id for account in accounts}))
            results = judge_accounts(accounts, register)
            new = [_bare_row(tenant_id(), account, at) for account in register.created]
            if bulk.insert_new("ledger_account", _ACCOUNT_COLUMNS, new, key="id") < len(new):
                there = rows.accounts({account.id for account in register.created})
                taken = next((account.id for account in register.created if account.id not in there), None)
                raise IdTaken("an account of that id is there already", field="id", account=taken)
        return results

    try:
        return retrying(work)
    except IdTaken:
        return retrying(work)  # another process of the tenant may have been quicker: then they are there to be seen


def create_transfers(transfers: Sequence[Transfer], *, at: datetime) -> list[Result]:
    """`post` in a transaction of its own, again where the database undid it because of another one."""

    def work() -> list[Result]:
        with atomic():
            return post(transfers, at=at)

    return retrying(work)


def post(transfers: Sequence[Transfer], *, at: datetime) -> list[Result]:
    """What became of each transfer, in order; those `created` are in the books when the transaction commits.

    `at` is when they are recorded; what is pending and due by then, and would be in their way, expires first.
    Accounts are locked in the order of their ids until the transaction ends. Of the tenant in scope. Raises IdTaken.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("transfers are posted in the transaction of what they book")
    if not transfers or posted_at_once(transfers, at=at):
        return [Result.CREATED] * len(transfers)
    return post_in_order(transfers, at=at)


def post_all(transfers: Sequence[Transfer], *, at: datetime, replay_ok: bool = False) -> list[Result]:
    """The same, all or none. Raises PostingRefused unless each is `created`, or `exists` where `replay_ok`.

    What is refused so is not remembered: an id that failed may be tried again.
    """
    good = {Result.CREATED, Result.EXISTS} if replay_ok else {Result.CREATED}
    with atomic(savepoint=True):
        results = post(transfers, at=at)
        for index, (transfer, result) in enumerate(zip(transfers, results, strict=True)):
            if result not in good:
                raise PostingRefused(
                    f"transfer {index} was not posted: {result}", index=index, result=result, transfer=transfer.id
                )
    return results


def expire_pending(*, at: datetime) -> int:
    """How many pending transfers of the tenant in scope expired, whose time was up by `at`: all that were due."""
    expired = 0
    while (done := retrying(lambda: _expire_some(at))) is not None:
        expired += done
    return expired


def expire_every_tenant() -> int:
    """The same for each tenant in turn, by its own clock: the relay's work. One tenant's trouble is logged."""
    expired = 0
    for tenant in Tenant.objects.order_by("id"):
        try:
            with tenant_scope(tenant.id):
                expired += expire_pending(at=clock.of(tenant))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("expiring for tenant %s failed", tenant.key)
    return expired


def _expire_some(at: datetime) -> int | None:
    with atomic():
        late = expiring.due(at=at, limit=_CHUNK)
        if not late:
            return None
        rows.locked_accounts({account_id for both in late.values() for account_id in both})
        return expiring.expire(late, at=at)


def _identities(account_ids: Iterable[UUID]) -> dict[UUID, AccountIdentity]:
    found = Account.objects.filter(pk__among=set(account_ids))
    return {
        row[0]: AccountIdentity(*row[1:]) for row in found.values_list("pk", "customer_id", "currency", "code", "sub")
    }


def _check_openable(identities: Sequence[AccountIdentity]) -> None:
    customers = {one.customer_id for one in identities if one.customer_id}
    strangers = customers - set(Customer.objects.filter(pk__among=customers).values_list("pk", flat=True))
    if strangers:
        raise InvalidValue(f"the books have no customer {min(strangers)}", field="customer_id")
    for sub in {one.sub for one in identities}:
        checks.text(sub, field="sub", longest=_LONGEST_SUB, empty=True)


def _row(tenant: UUID, account_id: UUID, identity: AccountIdentity, at: datetime) -> tuple[object, ...]:
    return (
        *(account_id, tenant, identity.customer_id, identity.currency, int(identity.code), identity.sub),
        *(currency(identity.currency).number, int(opening_flags(identity.code)), False),
        *(None, 0, 0, 0, 0, 0, 0, at),
    )


def _bare_row(tenant: UUID, account: AccountRecord, at: datetime) -> tuple[object, ...]:
    return (
        *(account.id, tenant, None, _CURRENCY_OF.get(account.ledger, ""), account.code, "", account.ledger),
        *(account.flags, account.has(AccountFlags.CLOSED)),
        *(account.user_data_128, account.user_data_64, account.user_data_32, 0, 0, 0, 0, at),
    )
