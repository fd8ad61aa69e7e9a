"""Mending what was not taken, or putting it aside for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from core import audit, clock, outbox
from core.actor import Actor
from core.db.retry import retrying
from core.db.transaction import atomic
from core.errors import InvalidValue, NotFound, Refusal
from core.events import Event as Happening
from metering import incoming
from metering.models import Batch, Quarantined
from metering.receipts import Receipt
from metering.services.ingestion import ingest


class AlreadyResolved(Refusal):
    """A quarantined event was replayed or dismissed before."""

    code = "already_resolved"


def replay(*, ids: Sequence[UUID], actor: Actor, mended: bytes | None = None) -> Receipt:
    """Sends quarantined events again, as they are or, for a single one, mended. Raises NotFound, AlreadyResolved.

    Each is closed thereby: one that fails again stands in the quarantine anew, with its new reason.
    """
    if mended is not None and len(ids) != 1:
        raise InvalidValue("a mended text replaces one event", field="mended")
    return retrying(lambda: _replay(ids, actor, mended))


def dismiss(*, ids: Sequence[UUID], reason: str, actor: Actor) -> int:
    """Closes quarantined events that shall never count; how many. Raises NotFound, AlreadyResolved."""
    if not reason.strip():
        raise InvalidValue("say why", field="reason")
    with atomic():
        rows, at = _lock(ids), clock.now()
        for row in rows:
            _close(row, state=Quarantined.State.DISMISSED, resolution=reason, at=at)
            _tell(row, Happening.QUARANTINE_DISMISSED, actor=actor, at=at, reason=reason)
    return len(rows)


def _replay(ids: Sequence[UUID], actor: Actor, mended: bytes | None) -> Receipt:
    with atomic():
        rows, at = _lock(ids), clock.now()
        texts = [mended] if mended is not None else [bytes(row.body) for row in rows]
        receipt = ingest(
            [incoming.read(text) for text in texts],
            actor=actor,
            kind=Batch.Kind.REPLAY,
            request_digest=sha256(b"\n".join(texts)).digest(),
        )
        for row, result in zip(rows, receipt.results, strict=True):
            resolution = f"{result.outcome.value} in batch {receipt.number}"
            _close(row, state=Quarantined.State.REPLAYED, resolution=resolution, at=at)
            _tell(row, Happening.QUARANTINE_REPLAYED, actor=actor, at=at, reason=resolution)
    return receipt


def _lock(ids: Sequence[UUID]) -> list[Quarantined]:
    rows = list(Quarantined.objects.select_for_update().filter(pk__in=set(ids)).order_by("pk"))
    if len(rows) != len(set(ids)):
        raise NotFound("a quarantined event is missing")
    if closed := [row for row in rows if row.state != Quarantined.State.OPEN]:
        raise AlreadyResolved(f"{closed[0].event_id or closed[0].pk} was {closed[0].state} before", field="state")
    return rows


def _close(row: Quarantined, *, state: Quarantined.State, resolution: str, at: datetime) -> None:
    row.state, row.resolution, row.resolved_at = state, resolution, at
    row.save(update_fields=["state", "resolution", "resolved_at"])


def _tell(row: Quarantined, event: Happening, *, actor: Actor, at: datetime, reason: str) -> None:
    audit.record(actor=actor, event=event, subject=row, at=at, reason=reason)
    outbox.publish(event=event, subject=row, at=at, payload={"source": row.source, "id": row.event_id})
