"""Typed slots on an event's row: what the meters of its type read from its data, put there once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from core.errors import Refusal
from metering.aggregation import Aggregation, MeterRule
from metering.scalars import MissingValue, quantity, scalar_text

NUMBER = "number"
TEXT = "text"
SLOTS_OF_A_KIND = 8
NUMBER_COLUMNS = tuple(f"n{i}" for i in range(1, SLOTS_OF_A_KIND + 1))
TEXT_COLUMNS = tuple(f"t{i}" for i in range(1, SLOTS_OF_A_KIND + 1))
COLUMNS = NUMBER_COLUMNS + TEXT_COLUMNS
_COLUMNS_OF_KIND = {NUMBER: NUMBER_COLUMNS, TEXT: TEXT_COLUMNS}


class SlotsExhausted(Refusal):
    """The meters of one event type would read more properties than an event's row has room for."""

    code = "slots_exhausted"


class Slot(msgspec.Struct, frozen=True):
    """The column that holds a property's quantity or text, for events of one type."""

    property: str
    kind: str
    column: str


class Fault(msgspec.Struct, frozen=True):
    """A meter can't read an event, and why."""

    meter_id: UUID
    meter_key: str
    refusal: Refusal


class Layout(msgspec.Struct, frozen=True):
    """The slots of one event type, and the meters that read them."""

    slots: tuple[Slot, ...] = ()
    meters: tuple[MeterRule, ...] = ()


def value_kind(aggregation: Aggregation) -> str:
    return TEXT if aggregation is Aggregation.UNIQUE_COUNT else NUMBER


def assign(taken: Sequence[Slot], wanted: Sequence[tuple[str, str]], *, event_type: str) -> list[Slot]:
    """New slots for each (property, kind) that has none yet. Raises SlotsExhausted."""
    made: list[Slot] = []
    for name, kind in dict.fromkeys(wanted):
        known = [slot for slot in (*taken, *made) if slot.kind == kind]
        if any(slot.property == name for slot in known):
            continue
        free = [column for column in _COLUMNS_OF_KIND[kind] if column not in {slot.column for slot in known}]
        if not free:
            raise SlotsExhausted(
                f"the meters of {event_type!r} already read {SLOTS_OF_A_KIND} properties as {kind}s; "
                f"{name!r} would be one too many: send it in events of another type",
                field="property",
            )
        made.append(Slot(property=name, kind=kind, column=free[0]))
    return made


def fill(layout: Layout, data: Mapping[str, Any]) -> tuple[dict[str, int | str], list[Fault]]:
    """What the slots hold for this event's data, and the meters that can't read it."""
    held: dict[str, int | str] = {}
    refused: dict[str, Refusal] = {}
    for slot in layout.slots:
        read = quantity if slot.kind == NUMBER else scalar_text
        try:
            value = read(data.get(slot.property), field=f"data.{slot.property}")
        except Refusal as refusal:
            refused[slot.column] = refusal
            continue
        if value is not None:
            held[slot.column] = value
    return held, [fault for meter in layout.meters if (fault := _fault(meter, held, refused)) is not None]


def _fault(meter: MeterRule, held: Mapping[str, int | str], refused: Mapping[str, Refusal]) -> Fault | None:
    for one in meter.filters:
        if one.column in refused:
            return Fault(meter.id, meter.key, refused[one.column])
        if held.get(one.column) not in one.values:
            return None
    if refused:
        needed = [dimension.column for dimension in meter.group_by] + ([meter.value] if meter.value else [])
        for column in needed:
            if column in refused:
                return Fault(meter.id, meter.key, refused[column])
    if meter.value and meter.value not in held:
        missing = MissingValue(f"the meter {meter.key!r} reads it, and it is missing", field=f"data.{meter.property}")
        return Fault(meter.id, meter.key, missing)
    return None
