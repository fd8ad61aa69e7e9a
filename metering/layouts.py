"""Meters and slots as stored, in the form that reading and storing events needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from metering.aggregation import Aggregation, Dimension, Filter, MeterRule
from metering.models import Meter, Slot
from metering.slots import NUMBER, TEXT, Layout, value_kind
from metering.slots import Slot as SlotValue

Columns = Mapping[tuple[str, str], str]


def layouts(event_types: Collection[str]) -> dict[str, Layout]:
    """The layout of each event type that a meter reads; read it behind the gate, where it can't change."""
    slots: dict[str, list[SlotValue]] = defaultdict(list)
    for slot in Slot.objects.filter(event_type__in=event_types).order_by("column"):
        slots[slot.event_type].append(value_of(slot))
    meters: dict[str, list[MeterRule]] = defaultdict(list)
    for meter in Meter.objects.filter(event_type__in=event_types).order_by("key"):
        meters[meter.event_type].append(rule(meter, slots[meter.event_type]))
    return {name: Layout(slots=tuple(slots[name]), meters=tuple(meters[name])) for name in meters}


def rules(meters: Collection[Meter]) -> dict[str, MeterRule]:
    """Meter key → what a store needs to know of it."""
    slots: dict[str, list[SlotValue]] = defaultdict(list)
    for slot in Slot.objects.filter(event_type__in={meter.event_type for meter in meters}):
        slots[slot.event_type].append(value_of(slot))
    return {meter.key: rule(meter, slots[meter.event_type]) for meter in meters}


def rule(meter: Meter, slots: Iterable[SlotValue]) -> MeterRule:
    """The meter with the columns that its properties have."""
    columns: Columns = {(slot.property, slot.kind): slot.column for slot in slots}
    aggregation = Aggregation(meter.aggregation)
    return MeterRule(
        id=meter.id,
        key=meter.key,
        event_type=meter.event_type,
        aggregation=aggregation,
        property=meter.property,
        value=columns[meter.property, value_kind(aggregation)] if meter.property else None,
        filters=tuple(Filter(name, columns[name, TEXT], tuple(texts)) for name, texts in sorted(meter.filter.items())),
        group_by=tuple(Dimension(name, columns[name, TEXT]) for name in meter.group_by),
    )


def wanted(meter: Meter) -> list[tuple[str, str]]:
    """The (property, kind) of each slot that a meter reads."""
    value = [(meter.property, value_kind(Aggregation(meter.aggregation)))] if meter.property else []
    return value + [(name, TEXT) for name in (*sorted(meter.filter), *meter.group_by)]


def missing_slots(meter: Meter, slots: Iterable[SlotValue]) -> list[str]:
    """The properties that the meter reads and that no slot holds: none, unless somebody changed the tables."""
    there = {(slot.property, slot.kind) for slot in slots}
    return [name for name, kind in wanted(meter) if (name, kind) not in there]


def value_of(slot: Slot) -> SlotValue:
    assert slot.kind in (NUMBER, TEXT)
    return SlotValue(property=slot.property, kind=slot.kind, column=slot.column)
