"""Importing a file chunk by chunk: each is one batch, and moves the import's own row in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import file_digest, sha256
from itertools import islice
from pathlib import Path

import msgspec
from django.db.models import F

from core import audit, canonical, clock, outbox
from core.actor import Actor
from core.db.retry import retrying
from core.db.transaction import atomic
from core.errors import Refusal
from core.events import Event as Happening
from metering import services
from metering.importing.reading import Reading, event_of
from metering.importing.rows import Row
from metering.models import Batch, Import
from metering.receipts import Outcome, Receipt, Result

#: Rows, and bytes of text, of one chunk: well under a second.
_CHUNK_ROWS = 2_000
_CHUNK_BYTES = 4 * 1024 * 1024

#: Called after each committed chunk with its rows and what became of them.
Watch = Callable[[Sequence[Row], Sequence[Result]], None]


class ImportRaced(Refusal):
    """Another process is importing the same file."""

    code = "import_raced"


def digest_of(path: Path) -> str:
    """Hex SHA-256 of the file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def begin(*, file_name: str, digest: str, reading: Reading, resume: bool, actor: Actor) -> Import:
    """A new import of the file; with `resume`, the last one of the same file and options that wasn't finished."""
    options = canonical.digest(msgspec.to_builtins(reading))
    if resume:
        known = Import.objects.filter(file_digest=digest, options_digest=options, finished_at__isnull=True)
        if (unfinished := known.order_by("-started_at", "-id").first()) is not None:
            return unfinished
    with atomic():
        at = clock.now()
        made = Import.objects.create(
            file_name=file_name[-300:], file_digest=digest, options_digest=options, started_at=at
        )
        _tell(made, Happening.IMPORT_STARTED, actor)
    return made


def take_in(record: Import, rows: Iterable[Row], reading: Reading, *, actor: Actor, watch: Watch) -> Import:
    """Ingests the rows that the import has still to come; the import as it is then. Raises ImportRaced."""
    done = record.rows_done
    for chunk in _chunks(islice(rows, done, None)):
        receipt = retrying(lambda chunk=chunk, done=done: _take_chunk(record, chunk, reading, actor, done))  # type: ignore[misc]
        done += len(chunk)
        watch(chunk, receipt.results)
    with atomic():
        Import.objects.filter(pk=record.pk).update(finished_at=clock.now())
        record.refresh_from_db()
        _tell(record, Happening.IMPORT_FINISHED, actor)
    return record


def _take_chunk(record: Import, chunk: Sequence[Row], reading: Reading, actor: Actor, done: int) -> Receipt:
    name = f"{record.file_digest}:{chunk[0].number}-{chunk[-1].number}"
    with atomic():
        receipt = services.ingest(
            [event_of(row, reading, file_digest=record.file_digest) for row in chunk],
            actor=actor,
            kind=Batch.Kind.IMPORT,
            request_digest=sha256(name.encode()).digest(),
        )
        counted = {outcome.value: F(outcome.value) + getattr(receipt, outcome.value) for outcome in Outcome}
        moved = Import.objects.filter(pk=record.pk, rows_done=done).update(rows_done=done + len(chunk), **counted)
        if not moved:
            raise ImportRaced("another process is importing this file: let it finish")
    return receipt


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.raw)
        if len(chunk) == _CHUNK_ROWS or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _tell(record: Import, event: Happening, actor: Actor) -> None:
    at, facts = clock.now(), {"file": record.file_name, "rows": record.rows_done, "accepted": record.accepted}
    audit.record(actor=actor, event=event, subject=record, at=at, after=facts)
    outbox.publish(event=event, subject=record, at=at, payload=facts)
