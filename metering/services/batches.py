"""What every batch has in common: the gate, its number, its bounds in time, its row."""

from __future__ import annotations

from datetime import datetime

from core import outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.db import gate, sequence
from core.db.bounds import bound_transaction
from core.events import Event as Happening
from metering.models import Batch

#: A batch takes well under a second; these end one that hangs, and with it the watermark's waiting.
_STATEMENT_SECONDS = 20
_IDLE_SECONDS = 10


def begin() -> int:
    """The number of a new batch. Call it in the transaction that writes the batch, before anything else there."""
    bound_transaction(statement_seconds=_STATEMENT_SECONDS, idle_seconds=_IDLE_SECONDS)
    gate.enter(tenant_id())
    return sequence.draw("metering_batch_number")


def finish(
    *, number: int, kind: Batch.Kind, actor: Actor, digest: bytes, counts: dict[str, int], at: datetime
) -> Batch:
    """Writes the batch's row, and announces it where it brought anything."""
    batch = Batch(
        number=number,
        kind=kind,
        actor_kind=actor.kind,
        actor_name=actor.name,
        received_at=at,
        sent=sum(counts.values()),
        digest=digest,
        **counts,
    )
    batch.save(force_insert=True)
    if batch.accepted:
        payload = {"number": number, "kind": kind.value, "accepted": batch.accepted}
        outbox.publish(event=Happening.BATCH_ACCEPTED, subject=batch, at=at, payload=payload)
    return batch
