"""A request's events, sorted into those to be stored and those that can't be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from metering.cloudevents import Envelope
from metering.identity import content_digest, event_key
from metering.incoming import Incoming
from metering.receipts import Outcome, Result, rejected
from metering.slots import COLUMNS, Layout, fill

#: The columns of a row, in order.
ROW = ("number", "tenant_id", "key", "source", "event_id", "type", "subject", "time", "digest", "body", *COLUMNS)
_KEY, _DIGEST = ROW.index("key"), ROW.index("digest")
_NOTHING = Layout()


class Stored(msgspec.Struct, frozen=True):
    """What is kept under an identity: the digest of its content, and whose it is."""

    digest: bytes
    source: str
    id: str


class Candidate(msgspec.Struct, frozen=True):
    """A readable event: its place in the request, its identity, and its content's digest."""

    index: int
    key: UUID
    stored: Stored


class Sifted(msgspec.Struct, frozen=True):
    """`rows` holds one row for each identity, the first; `candidates` every readable event, `refused` the rest."""

    rows: dict[UUID, tuple[Any, ...]]
    candidates: list[Candidate]
    refused: list[Result]


def sift(events: Sequence[Incoming], *, layouts: Mapping[str, Layout], tenant_id: UUID, first_number: int) -> Sifted:
    """Rows for what can be stored, results for what can't: unreadable events, and values that a meter can't read."""
    sifted = Sifted({}, [], [])
    for index, event in enumerate(events):
        envelope = event.envelope
        if envelope is None:
            sifted.refused.append(_unreadable(index, event))
            continue
        slots, faults = fill(layouts.get(envelope.type, _NOTHING), envelope.data)
        if faults:
            sifted.refused.append(rejected(index, faults[0].refusal, source=envelope.source, id=envelope.id))
            continue
        row = row_of(envelope, number=first_number + index, tenant_id=tenant_id, slots=slots)
        key = row[_KEY]
        sifted.candidates.append(Candidate(index, key, Stored(row[_DIGEST], envelope.source, envelope.id)))
        sifted.rows.setdefault(key, row)
    return sifted


def row_of(envelope: Envelope, *, number: int, tenant_id: UUID, slots: Mapping[str, int | str]) -> tuple[Any, ...]:
    """The stored row of an event, by the columns of ROW."""
    return (
        number,
        tenant_id,
        event_key(tenant_id, envelope.source, envelope.id),
        envelope.source,
        envelope.id,
        envelope.type,
        envelope.subject,
        envelope.time,
        content_digest(envelope),
        envelope.raw.decode(),
        *map(slots.get, COLUMNS),
    )


def settle(sifted: Sifted, earlier: Mapping[UUID, Stored]) -> list[Result]:
    """The outcome of each event, given what other batches had stored under the same identities."""
    kept = dict(earlier)
    results = list(sifted.refused)
    for candidate in sifted.candidates:
        first = kept.setdefault(candidate.key, candidate.stored)
        results.append(_result(candidate, first))
    return sorted(results, key=lambda result: result.index)


def _result(candidate: Candidate, first: Stored) -> Result:
    mine = candidate.stored
    if first is mine:
        return Result(candidate.index, mine.source, mine.id, Outcome.ACCEPTED)
    if first == mine:
        return Result(candidate.index, mine.source, mine.id, Outcome.DUPLICATE)
    return Result(
        candidate.index,
        mine.source,
        mine.id,
        Outcome.CONFLICT,
        code="conflict",
        field="id",
        detail="another event with this source and id has other content; the first one counts",
    )


def _unreadable(index: int, event: Incoming) -> Result:
    refusal = event.refusal
    assert refusal is not None
    return rejected(index, refusal, source=refusal.facts.get("source"), id=refusal.facts.get("id"))
