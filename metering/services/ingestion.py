"""Taking events in: one bounded transaction for each batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from core import clock
from core.access.scope import tenant_id
from core.actor import Actor
from core.db import bulk
from core.db.retry import retrying
from core.db.transaction import atomic
from metering.incoming import Incoming
from metering.layouts import layouts
from metering.models import Batch, Event, Quarantined
from metering.models.batch import POSITION_BITS, first_number_after
from metering.receipts import Receipt, Result, counts
from metering.services import batches
from metering.sifting import ROW, Stored, settle, sift

#: So that a batch's transaction stays well under a second.
LARGEST_BATCH = 5_000


def ingest(events: Sequence[Incoming], *, actor: Actor, kind: Batch.Kind, request_digest: bytes) -> Receipt:
    """Stores what is new, and tells the outcome of each event. Nothing of it is lost once this returns.

    What is rejected or conflicts goes into the quarantine. Repeats the transaction after a deadlock.
    """
    if len(events) > LARGEST_BATCH:
        raise ValueError(f"a batch holds at most {LARGEST_BATCH} events")
    return retrying(lambda: _ingest(events, actor, kind, request_digest))


def _ingest(events: Sequence[Incoming], actor: Actor, kind: Batch.Kind, request_digest: bytes) -> Receipt:
    with atomic():
        number = batches.begin()
        types = {event.envelope.type for event in events if event.envelope is not None}
        first_number = number << POSITION_BITS
        sifted = sift(events, layouts=layouts(types), tenant_id=tenant_id(), first_number=first_number)
        stored = bulk.insert_new("metering_event", ROW, list(sifted.rows.values()), key="key")
        earlier = {} if stored == len(sifted.rows) else _earlier(sifted.rows.keys(), batch_number=number)
        results = settle(sifted, earlier)
        counted = counts(results)
        batch = batches.finish(
            number=number, kind=kind, actor=actor, digest=request_digest, counts=counted, at=clock.now()
        )
        _quarantine(batch, events, results)
    return Receipt(batch=batch.id, number=number, results=results, **counted)


def _earlier(keys: Collection[UUID], *, batch_number: int) -> dict[UUID, Stored]:
    """What other batches have stored under these identities."""
    own = (batch_number << POSITION_BITS, first_number_after(batch_number) - 1)
    rows = Event.objects.filter(key__in=list(keys)).exclude(number__range=own)
    return {
        key: Stored(bytes(digest), source, event_id)
        for key, digest, source, event_id in rows.values_list("key", "digest", "source", "event_id")
    }


def _quarantine(batch: Batch, events: Sequence[Incoming], results: Sequence[Result]) -> None:
    Quarantined.objects.bulk_create(
        Quarantined(
            batch=batch,
            position=result.index,
            outcome=result.outcome.value,
            source=result.source or "",
            event_id=result.id or "",
            code=result.code or "",
            field=(result.field or "")[:400],
            detail=result.detail or "",
            body=events[result.index].raw,
        )
        for result in results
        if result.quarantined
    )
