"""Stored events read once more from their bodies, and compared with what their rows and findings say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from core.errors import Refusal
from core.integrity import Finding
from metering import cloudevents, layouts
from metering.models import Event, Meter, Slot
from metering.models import Finding as Unreadable
from metering.sifting import ROW, row_of
from metering.slots import Layout, fill

_CHUNK = 2_000
_NUMBER, _TENANT, _BODY = ROW.index("number"), ROW.index("tenant_id"), ROW.index("body")
_NOTHING = Layout()


def event_findings() -> Iterator[Finding]:
    """Events whose identity, digest or slots are not what their body gives, or whose unreadable values no one noted."""
    known = intact_layouts()
    for rows in _chunks():
        noted = _noted(rows[0][_NUMBER], rows[-1][_NUMBER])
        for row in rows:
            yield from _findings(row, known, noted[row[_NUMBER]])


def intact_layouts() -> dict[str, Layout]:
    """The layouts of those meters whose slots are all there."""
    slots = defaultdict(list)
    for slot in Slot.objects.order_by("column"):
        slots[slot.event_type].append(layouts.value_of(slot))
    meters = defaultdict(list)
    for meter in Meter.objects.order_by("key"):
        if not layouts.missing_slots(meter, slots[meter.event_type]):
            meters[meter.event_type].append(layouts.rule(meter, slots[meter.event_type]))
    return {name: Layout(slots=tuple(own), meters=tuple(meters[name])) for name, own in slots.items()}


def _findings(row: Sequence[Any], known: Mapping[str, Layout], noted: set[UUID]) -> Iterator[Finding]:
    number, tenant_id = row[_NUMBER], row[_TENANT]
    try:
        envelope = cloudevents.read(row[_BODY].encode())
    except Refusal as refusal:
        yield Finding(f"event {number}", f"its body can't be read: {refusal.detail}")
        return
    layout = known.get(envelope.type, _NOTHING)
    slots, faults = fill(layout, envelope.data)
    again = row_of(envelope, number=number, tenant_id=tenant_id, slots=slots)
    if again != row:
        wrong = [name for name, there, right in zip(ROW, row, again, strict=True) if there != right]
        yield Finding(f"event {number}", f"{', '.join(wrong)}: not what its body says")
    unreadable = {fault.meter_id for fault in faults}
    for meter in layout.meters:
        if (meter.id in unreadable) != (meter.id in noted):
            said = "can read it" if meter.id in unreadable else "can't read it"
            yield Finding(f"event {number}", f"its findings say that the meter {meter.key!r} {said}")


def _noted(first: int, last: int) -> dict[int, set[UUID]]:
    noted: dict[int, set[UUID]] = defaultdict(set)
    found = Unreadable.objects.filter(event_number__range=(first, last))
    for number, meter_id in found.values_list("event_number", "meter_id"):
        noted[number].add(meter_id)
    return noted


def _chunks() -> Iterator[list[tuple[Any, ...]]]:
    after, rows = 0, Event.objects.order_by("number").values_list(*ROW)
    while chunk := list(rows.filter(number__gt=after)[:_CHUNK]):
        yield [tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row) for row in chunk]
        after = chunk[-1][0]
