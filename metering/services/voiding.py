"""Taking an event back: a later fact that cancels it."""

from __future__ import annotations

from hashlib import sha256

from core import audit, clock, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.db import bulk
from core.db.retry import retrying
from core.db.transaction import atomic
from core.errors import InvalidValue, Refusal
from core.events import Event as Happening
from core.ids import canonical_name
from metering.cloudevents import check_text
from metering.identity import event_key
from metering.models import Batch, Void
from metering.models.batch import POSITION_BITS
from metering.receipts import Outcome
from metering.services import batches

_COLUMNS = ("number", "tenant_id", "key", "source", "event_id", "reason")
_COUNTS = {outcome.value: int(outcome is Outcome.ACCEPTED) for outcome in Outcome}
_LONGEST_REASON = 2_000


class _Exists(Refusal):
    """Somebody else voided it meanwhile: undo the batch."""


def void_event(*, source: str, id: str, reason: str, actor: Actor) -> str:
    """Makes the event count nowhere from now on; it may be one that is still to come.

    "voided", or "exists" where it was voided before and nothing was done. Raises Refusal for an unusable text.
    """
    check_text(source, field="source")
    check_text(id, field="id")
    if not reason.strip() or len(reason) > _LONGEST_REASON or "\x00" in reason:
        raise InvalidValue(f"say why, in at most {_LONGEST_REASON} characters", field="reason")
    if Void.objects.filter(key=event_key(tenant_id(), source, id)).exists():
        return "exists"
    try:
        retrying(lambda: _void(source, id, reason, actor))
    except _Exists:
        return "exists"
    return "voided"


def _void(source: str, id: str, reason: str, actor: Actor) -> None:
    key = event_key(tenant_id(), source, id)
    with atomic(savepoint=True):
        number = batches.begin()
        row = (number << POSITION_BITS, tenant_id(), key, source, id, reason)
        if not bulk.insert_new("metering_void", _COLUMNS, [row], key="key"):
            raise _Exists("it was voided meanwhile")
        at = clock.now()
        digest = sha256(canonical_name("void", source, id, reason)).digest()
        batches.finish(number=number, kind=Batch.Kind.VOID, actor=actor, digest=digest, counts=_COUNTS, at=at)
        subject, named = ("usage_event", str(key)), {"source": source, "id": id}
        audit.record(
            actor=actor, event=Happening.USAGE_EVENT_VOIDED, subject=subject, at=at, after=named, reason=reason
        )
        outbox.publish(event=Happening.USAGE_EVENT_VOIDED, subject=subject, at=at, payload=named)
