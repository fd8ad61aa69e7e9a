"""TigerBeetle's queries: accounts and transfers by id or by filter, in the order in which they were recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from core.db import arrivals
from ledger import rows
from ledger.accounts import AccountRecord
from ledger.filters import LARGEST_ANSWER, AccountFilter, QueryFilter
from ledger.models import Account, Transfer
from ledger.transfers import TransferRecord

M = TypeVar("M", Account, Transfer)
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
    found = _found(Account.objects.all(), asked, time="created_at", fields=rows.ACCOUNT_FIELDS)
    return [rows.account_record(row) for row in found]


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


def _transfers(among: QuerySet[Transfer], asked: QueryFilter) -> list[TransferRecord]:
    return [TransferRecord(**row) for row in _found(among, asked, time="timestamp", fields=_RECORD_FIELDS)]


def _found(among: QuerySet[M], asked: QueryFilter, *, time: str, fields: Sequence[str]) -> list[dict[str, Any]]:
    """The fields of the rows that the filter names, in its order."""
    if not asked.is_valid:
        return []
    wanted: dict[str, Any] = {field: value for field in _ANY if (value := getattr(asked, field))}
    if asked.timestamp_min:
        wanted[f"{time}__gte"] = asked.timestamp_min
    if asked.timestamp_max:
        wanted[f"{time}__lte"] = asked.timestamp_max
    ordered = among.filter(**wanted).order_by("-ordinal" if asked.reversed else "ordinal").values(*fields)
    found: list[dict[str, Any]] = []
    limit = min(asked.limit, LARGEST_ANSWER)
    for after, through in arrivals.ranges(*_range(among.model, asked), wanted=limit, backward=asked.reversed):
        found = list(ordered.filter(ordinal__gt=after, ordinal__lte=through)[:limit])
        if len(found) == limit:
            break
    return found


def _range(model: type[Account] | type[Transfer], asked: QueryFilter) -> tuple[int, int]:
    """After which arrival, and through which one: empty where it is to go on after what isn't there."""
    if not asked.after:
        return 0, arrivals.last()
    place = model.objects.filter(pk=asked.after).values_list("ordinal", flat=True).first()
    if place is None:
        return 0, 0
    return (0, place - 1) if asked.reversed else (place, arrivals.last())
