"""Opening accounts and posting transfers: every write to the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db import IntegrityError, connection

from core import clock
from core.access.scope import tenant_id
from core.currency import currency
from core.db import bulk
from core.db.transaction import atomic
from core.errors import Refusal
from ledger.accounts import AccountIdentity, AccountState
from ledger.chart import opening_flags
from ledger.models import Account
from ledger.models import Transfer as TransferRow
from ledger.results import Result, judge_all
from ledger.transfers import Transfer

_ACCOUNT_COLUMNS = (
    *("id", "tenant_id", "customer_id", "currency", "code", "sub", "ledger", "flags"),
    *("debits_pending", "debits_posted", "credits_pending", "credits_posted", "created_at"),
)
_STATE_FIELDS = ("id", "ledger", "flags", "debits_pending", "debits_posted", "credits_pending", "credits_posted")
_TRANSFER_FIELDS = Transfer.__struct_fields__
_values_of = attrgetter(*_TRANSFER_FIELDS)


class PostingRefused(Refusal):
    """A transfer that had to be posted was not: `index` in the batch, its id and the result."""

    code = "posting_refused"


def open_accounts(identities: Iterable[AccountIdentity]) -> dict[AccountIdentity, UUID]:
    """The ids of these accounts of the tenant in scope; those not there yet are opened."""
    tenant = tenant_id()
    ids = {identity: identity.id_in(tenant) for identity in identities}
    with atomic():
        there = set(Account.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
        if missing := [identity for identity, account_id in ids.items() if account_id not in there]:
            at = clock.now()
            rows = [_row(tenant, ids[identity], identity, at) for identity in missing]
            bulk.insert_new("ledger_account", _ACCOUNT_COLUMNS, rows, key="id")
    return ids


def post(transfers: Sequence[Transfer], *, at: datetime) -> list[Result]:
    """What became of each transfer, in order; those `created` are in the books when the transaction commits.

    `at` is when they are recorded. Accounts are locked in id order until the transaction ends. Of the tenant in scope.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("transfers are posted in the transaction of what they book")
    accounts = _locked(transfers)
    if not any(account.flags for account in accounts.values()) and _inserted(transfers, at=at):
        return [Result.CREATED] * len(transfers)
    return _post_in_order(transfers, accounts=accounts, at=at)


def post_all(transfers: Sequence[Transfer], *, at: datetime, replay_ok: bool = False) -> list[Result]:
    """The same, all or none. Raises PostingRefused unless each is `created`, or `exists` where `replay_ok`."""
    good = {Result.CREATED, Result.EXISTS} if replay_ok else {Result.CREATED}
    with atomic(savepoint=True):
        results = post(transfers, at=at)
        for index, (transfer, result) in enumerate(zip(transfers, results, strict=True)):
            if result not in good:
                raise PostingRefused(
                    f"transfer {index} was not posted: {result}", index=index, result=result, transfer=transfer.id
                )
    return results


def _post_in_order(
    transfers: Sequence[Transfer], *, accounts: Mapping[UUID, AccountState], at: datetime
) -> list[Result]:
    """Each judged after those before it; the database takes what is to be created at once."""
    results, created = _judged(transfers, accounts)
    if not _inserted(created, at=at):
        # The same id was posted between other accounts since we looked: it is there to be seen now.
        results, created = _judged(transfers, accounts)
        _insert(created, at=at)
    return results


def _judged(
    transfers: Sequence[Transfer], accounts: Mapping[UUID, AccountState]
) -> tuple[list[Result], list[Transfer]]:
    results = judge_all(transfers, accounts=accounts, known=_known(transfers))
    return results, [transfer for transfer, result in zip(transfers, results, strict=True) if result is Result.CREATED]


def _inserted(transfers: Sequence[Transfer], *, at: datetime) -> bool:
    """Whether the database took all of them; else it took none."""
    try:
        with atomic(savepoint=True):
            _insert(transfers, at=at)
    except IntegrityError:
        return False
    return True


def _insert(transfers: Sequence[Transfer], *, at: datetime) -> None:
    tenant = tenant_id()
    rows = [(*_values_of(transfer), tenant, at) for transfer in transfers]
    bulk.insert("ledger_transfer", (*_TRANSFER_FIELDS, "tenant_id", "timestamp"), rows)


def _locked(transfers: Sequence[Transfer]) -> dict[UUID, AccountState]:
    ids = {transfer.debit_account_id for transfer in transfers} | {transfer.credit_account_id for transfer in transfers}
    rows = Account.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list(*_STATE_FIELDS)
    return {row[0]: AccountState(**dict(zip(_STATE_FIELDS, row, strict=True))) for row in rows}


def _known(transfers: Sequence[Transfer]) -> dict[UUID, Transfer]:
    rows = TransferRow.objects.filter(pk__in={transfer.id for transfer in transfers}).values(*_TRANSFER_FIELDS)
    return {row["id"]: Transfer(**row) for row in rows}


def _row(tenant: UUID, account_id: UUID, identity: AccountIdentity, at: datetime) -> tuple[object, ...]:
    return (
        *(account_id, tenant, identity.customer_id, identity.currency, int(identity.code), identity.sub),
        *(currency(identity.currency).number, int(opening_flags(identity.code)), 0, 0, 0, 0, at),
    )
