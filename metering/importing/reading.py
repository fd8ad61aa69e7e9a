"""How the rows of a file become usage events."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from core.errors import Refusal
from metering import cloudevents, incoming
from metering.cloudevents import InvalidTime
from metering.importing.rows import Row
from metering.incoming import Incoming
from metering.scalars import scalar_text

_encoder = msgspec.json.Encoder(decimal_format="number")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Which column is what. `data_columns` None: all others; `id_column` None: the file's digest and the row number."""

    type: str
    source: str
    subject_column: str
    time_column: str
    id_column: str | None = None
    data_columns: tuple[str, ...] | None = None
    time_zone: str | None = None

    def named_columns(self) -> list[str]:
        own = [self.subject_column, self.time_column, *([self.id_column] if self.id_column else [])]
        return own + list(self.data_columns or ())

    def missing_from(self, columns: Collection[str]) -> list[str]:
        """The columns that the options name and the file doesn't have."""
        return [name for name in self.named_columns() if name not in columns]

    def column_of(self, field: str | None) -> str:
        """What the file calls an event's field."""
        columns = {"subject": self.subject_column, "time": self.time_column, "id": self.id_column or "id"}
        name = field or ""
        return columns.get(name) or name.removeprefix("data.")


def event_of(row: Row, reading: Reading, *, file_digest: str) -> Incoming:
    """The row as a CloudEvent; cells become JSON strings, and JSON values stay what they are."""
    if row.refusal is not None:
        return Incoming(raw=row.raw, refusal=row.refusal)
    try:
        document = _document(row, reading, file_digest)
    except Refusal as refusal:
        return Incoming(raw=row.raw, refusal=refusal)
    try:
        zone = ZoneInfo(reading.time_zone) if reading.time_zone else None
        time = cloudevents.instant(document["time"], zone=zone)
    except Refusal as refusal:
        read = incoming.read(_encoder.encode(document))
        # Read without the zone, the time lacks its offset: that is not what is wrong with it.
        told = refusal if isinstance(read.refusal, InvalidTime) else read.refusal
        return Incoming(raw=read.raw, refusal=_with_facts(told or refusal, read.refusal))
    return incoming.read(_encoder.encode({**document, "time": time}))


def _with_facts(refusal: Refusal, known: Refusal | None) -> Refusal:
    """The refusal with the source and id that the envelope was found to have."""
    refusal.facts.update(known.facts if known else {})
    return refusal


def _document(row: Row, reading: Reading, file_digest: str) -> dict[str, Any]:
    id_cell = row.cells.get(reading.id_column) if reading.id_column else f"{file_digest}:{row.number}"
    return {
        "specversion": "1.0",
        "id": _text(id_cell, field="id"),
        "source": reading.source,
        "type": reading.type,
        "subject": _text(row.cells.get(reading.subject_column), field="subject"),
        "time": row.cells.get(reading.time_column),
        "data": _data(row.cells, reading),
    }


def _data(cells: dict[str, Any], reading: Reading) -> dict[str, Any]:
    if reading.data_columns is not None:
        return {name: cells[name] for name in reading.data_columns if name in cells}
    own = {reading.subject_column, reading.time_column, reading.id_column}
    return {name: value for name, value in cells.items() if name not in own}


def _text(value: Any, *, field: str) -> Any:
    return scalar_text(value, field=field) if isinstance(value, int | Decimal) else value
