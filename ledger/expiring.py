"""Time-outs of pending transfers: what was held is given back, without a transfer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from core.access.scope import tenant_id
from core.db import bulk
from ledger.books import PendingState
from ledger.models import Pending, Transfer

Due = dict[UUID, tuple[UUID, UUID]]


def due(*, at: datetime, touching: Collection[UUID] | None = None, limit: int | None = None) -> Due:
    """Pending transfers whose time is up (those that touch these accounts), each with its two accounts."""
    late = Pending.objects.filter(state=PendingState.PENDING, expires_at__lte=at).order_by("expires_at", "pk")
    if touching is None:
        found = Transfer.objects.filter(pk__in=list(late.values_list("pk", flat=True)[:limit]))
    elif not late.exists():
        return {}
    else:
        sides = Q(debit_account__id__among=touching) | Q(credit_account__id__among=touching)
        found = Transfer.objects.filter(sides, pk__in=late.order_by().values("pk"))
    rows = found.values_list("pk", "debit_account_id", "credit_account_id")
    return {transfer_id: (debit, credit) for transfer_id, debit, credit in rows}


def expire(transfers: Collection[UUID], *, at: datetime) -> int:
    """Expires those that are pending still; how many that were. Their accounts must be locked already."""
    left = Pending.objects.filter(pk__among=transfers, state=PendingState.PENDING).order_by("pk")
    rows = [(transfer_id, tenant_id(), at) for transfer_id in left.values_list("pk", flat=True)]
    bulk.insert("ledger_expiry", ("id", "tenant_id", "at"), rows)
    return len(rows)
