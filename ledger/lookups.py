"""TigerBeetle's queries: accounts and transfers by id or by filter, in the order in which they were recorded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet

from ledger import rows
from ledger.accounts import AccountRecord
from ledger.filters import LARGEST_ANSWER, AccountFilter, QueryFilter
from ledger.models import Account, Transfer
from ledger.transfers import TransferRecord

M = TypeVar("M", bound=Model)
_RECORD_FIELDS = TransferRecord.__struct_fields__
_ANY = ("user_data_128", "user_data_64", "user_data_32", "ledger", "code")


def lookup_accounts(ids: Collection[UUID]) -> list[AccountRecord]:
    """Those of these accounts that exist, in the order asked for."""
    found = rows.accounts(ids)
    return [found[account_id] for account_id in ids if account_id in found]


def lookup_transfers(ids: Collection[UUID]) -> list[TransferRecord]:
    """Those of these transfers that exist, in the order asked for."""
    found = {row["id"]: TransferRecord(**row) for row in Transfer.objects.filter(pk__in=ids).values(*_RECORD_FIELDS)}
    return [found[transfer_id] for transfer_id in ids if transfer_id in found]


def query_accounts(asked: QueryFilter) -> list[AccountRecord]:
    """The accounts that the filter names."""
    if not asked.is_valid:
        return []
    found = _matching(Account.objects.all(), asked, time="created_at")
    if asked.after:
        further = "lt" if asked.reversed else "gt"
        last = Account.objects.filter(pk=asked.after).values("created_at")[:1]
        found = found.filter(
            Q(**{f"created_at__{further}": last}) | Q(**{"created_at": last, f"id__{further}": asked.after})
        )
    page = _page(found, asked, "created_at", "id")
    return [rows.account_record(row) for row in page.values(*rows.ACCOUNT_FIELDS)]


def query_transfers(asked: QueryFilter) -> list[TransferRecord]:
    """The transfers that the filter names."""
    return _transfers(Transfer.objects.all(), asked)


def get_account_transfers(asked: AccountFilter) -> list[TransferRecord]:
    """The account's transfers that the filter names."""
    sides = Q(pk__in=[])
    if asked.debits:
        sides |= Q(debit_account_id=asked.account_id)
    if asked.credits:
        sides |= Q(credit_account_id=asked.account_id)
    return _transfers(Transfer.objects.filter(sides), asked)


def _transfers(found: QuerySet[Transfer], asked: QueryFilter) -> list[TransferRecord]:
    if not asked.is_valid:
        return []
    found = _matching(found, asked, time="timestamp")
    if asked.after:
        last = Transfer.objects.filter(pk=asked.after).values("ordinal")
        found = found.filter(**{f"ordinal__{'lt' if asked.reversed else 'gt'}": last})
    return [TransferRecord(**row) for row in _page(found, asked, "ordinal").values(*_RECORD_FIELDS)]


def _matching(found: QuerySet[M], asked: QueryFilter, *, time: str) -> QuerySet[M]:
    wanted: dict[str, Any] = {field: value for field in _ANY if (value := getattr(asked, field))}
    if asked.timestamp_min:
        wanted[f"{time}__gte"] = asked.timestamp_min
    if asked.timestamp_max:
        wanted[f"{time}__lte"] = asked.timestamp_max
    return found.filter(**wanted)


def _page(found: QuerySet[M], asked: QueryFilter, *order: str) -> QuerySet[M]:
    by = [F(field).desc() if asked.reversed else F(field).asc() for field in order]
    return found.order_by(*by)[: min(asked.limit, LARGEST_ANSWER)]
