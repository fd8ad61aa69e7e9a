"""Usage events for these tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from core.actor import Actor
from metering import services
from metering.definitions import MeterDefinition
from metering.incoming import read
from metering.models import Batch, Meter
from metering.receipts import Receipt

TESTER = Actor(kind="command", name="tests")
TYPE = "llm.request"
SOURCE = "tests"


def document(id: str = "1", *, data: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A valid event; a change to None leaves the attribute out."""
    made = {
        "specversion": "1.0",
        "id": id,
        "source": SOURCE,
        "type": TYPE,
        "subject": "c-01",
        "time": "2026-01-10T12:00:00Z",
        "data": {"tokens": 5} if data is None else data,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def text(id: str = "1", **changes: Any) -> bytes:
    return json.dumps(document(id, **changes)).encode()


def send(events: Iterable[bytes | Mapping[str, Any]], *, kind: Batch.Kind = Batch.Kind.HTTP) -> Receipt:
    """Takes the events in as one batch."""
    raw = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in events]
    digest = sha256(b"".join(raw)).digest()
    return services.ingest([read(one) for one in raw], actor=TESTER, kind=kind, request_digest=digest)


def outcomes(receipt: Receipt) -> list[str]:
    return [result.outcome.value for result in receipt.results]


def meter(key: str = "tokens", **fields: Any) -> Meter:
    """Publishes a meter: the sum of tokens, unless told otherwise."""
    made = {"event_type": TYPE, "aggregation": "sum", "property": "tokens", **fields}
    return services.publish_meter(MeterDefinition(key=key, **made), actor=TESTER)
