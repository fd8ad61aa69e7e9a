"""Up to which batch the events are surely complete (billing rules §4)."""

from __future__ import annotations

from contextlib import suppress

from django.db.models import Max

from core import clock
from core.access.scope import tenant_id
from core.db import gate
from core.db.gate import GateBusy
from core.db.transaction import atomic
from metering.models import Batch, Watermark


def take(*, wait_milliseconds: int = 2_000, tries: int = 3) -> int:
    """The number of the tenant's last batch, 0 where there is none: no event commits later at or below it.

    Where ingest keeps the gate busy it is the greatest that was taken before; where there is none, GateBusy.
    Opens a transaction of its own and must not be called in another one.
    """
    for _ in range(tries):
        with suppress(GateBusy):
            taken = _take(wait_milliseconds)
            _keep(taken)
            return taken
    if (previous := latest()) is None:
        raise GateBusy("ingest keeps the gate busy, and no watermark was ever taken: try again")
    return previous


def latest() -> int | None:
    """The greatest watermark that was taken so far."""
    row = Watermark.objects.first()
    return None if row is None else int(row.number)


def _take(wait_milliseconds: int) -> int:
    with atomic(durable=True):
        gate.close(tenant_id(), wait_milliseconds=wait_milliseconds)
        return int(Batch.objects.aggregate(last=Max("number"))["last"] or 0)


def _keep(number: int) -> None:
    # Kept before anybody uses it: a later fall-back can't be older than what was billed.
    with atomic():
        at = clock.now()
        row, made = Watermark.objects.select_for_update().get_or_create(defaults={"number": number, "taken_at": at})
        if not made and row.number < number:
            row.number, row.taken_at = number, at
            row.save(update_fields=["number", "taken_at"])
