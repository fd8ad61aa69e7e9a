"""The ledger's rows as the values that are judged, and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict, astuple

from core.access.scope import tenant_id
from core.db import bulk
from core.db.among import as_sent, lock
from core.db.ledger.guards import GUARDED
from core.ids import derived_id
from ledger.accounts import AccountRecord, AccountState
from ledger.books import Pending, PendingState
from ledger.chart import AccountFlags
from ledger.models import Account, FailedTransfer
from ledger.models import Pending as PendingRow
from ledger.models import Transfer as TransferRow
from ledger.results import Result
from ledger.transfers import Transfer

_STATE_FIELDS = AccountState.__struct_fields__
_RECORD_FIELDS = (*_STATE_FIELDS, "code", "user_data_128", "user_data_64", "user_data_32")
_TRANSFER_FIELDS = Transfer.__struct_fields__
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def locked_accounts(ids: Collection[UUID]) -> dict[UUID, AccountState]:
    """These accounts, locked in the order of their ids until the transaction (or its savepoint) ends."""
    locking = Account.objects.select_for_update().filter(pk__among=ids).order_by("pk")
    states: dict[UUID, AccountState] = {}
    for closed, account_id, ledger, flags, *balances in as_sent(locking.values_list("closed", *_STATE_FIELDS)):
        shown = flags | AccountFlags.CLOSED.value if closed else flags
        states[account_id] = AccountState(account_id, ledger, shown, *map(int, balances))
    return states


def lock_where_guarded(ids: Collection[UUID]) -> None:
    """Locks these accounts if one may not be overdrawn, so that what counts first on it is also numbered first."""
    lock("ledger_account", ids, where=GUARDED)


def accounts(ids: Collection[UUID]) -> dict[UUID, AccountRecord]:
    """These accounts with all of their fields."""
    return {row["id"]: account_record(row) for row in Account.objects.filter(pk__among=ids).values(*ACCOUNT_FIELDS)}


#: What `account_record` needs.
ACCOUNT_FIELDS = (*_RECORD_FIELDS, "closed", "created_at")


def account_record(row: Mapping[str, Any]) -> AccountRecord:
    """A row as a value; its flags say whether the account is closed."""
    fields = _shown({**row, "timestamp": row["created_at"]})
    del fields["created_at"]
    return AccountRecord(**fields)


def transfers(ids: Collection[UUID]) -> dict[UUID, Transfer]:
    """Those of these transfers that are in the books."""
    if not ids:
        return {}
    rows = TransferRow.objects.filter(pk__among=ids).values(*_TRANSFER_FIELDS)
    return {row["id"]: Transfer(**row) for row in rows}


def pending(ids: Collection[UUID]) -> dict[UUID, Pending]:
    """How those of them stand that were pending."""
    if not ids:
        return {}
    rows = PendingRow.objects.filter(pk__among=ids).values_list("pk", "expires_at", "state")
    return {transfer_id: Pending(expires_at, PendingState(state)) for transfer_id, expires_at, state in rows}


def failed(ids: Collection[UUID]) -> set[UUID]:
    """Those of these ids that are spent. Most books have none, which is asked first."""
    if not FailedTransfer.objects.exists():
        return set()
    return set(FailedTransfer.objects.filter(transfer_id__among=ids).values_list("transfer_id", flat=True))


def values(transfer: Transfer, *, at: datetime) -> dict[str, Any]:
    """A transfer's columns, recorded at an instant."""
    return {**asdict(transfer), "tenant_id": tenant_id(), "timestamp": at}


def insert_transfers(created: Iterable[Transfer], *, at: datetime) -> None:
    """Saves them in this order; the database moves the balances, or raises django.db.IntegrityError."""
    behind = (tenant_id(), at)
    columns = (*_TRANSFER_FIELDS, "tenant_id", "timestamp")
    bulk.insert("ledger_transfer", columns, (astuple(transfer) + behind for transfer in created))


def insert_failed(results: Mapping[UUID, Result], *, at: datetime) -> None:
    """Saves that these ids are spent."""
    if not results:
        return
    tenant = tenant_id()
    rows = [
        (derived_id(_EPOCH, "failed transfer", tenant, transfer), tenant, transfer, result.value, at)
        for transfer, result in results.items()
    ]
    bulk.insert_new("ledger_failedtransfer", ("id", "tenant_id", "transfer_id", "result", "at"), rows, key="id")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    if row.pop("closed"):
        row["flags"] |= AccountFlags.CLOSED
    return row
