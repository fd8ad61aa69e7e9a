"""Publishing meters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core import audit, clock, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.db import gate, relation
from core.db.transaction import atomic
from core.errors import Refusal
from core.events import Event as Happening
from metering import cloudevents, layouts
from metering.definitions import MeterDefinition, check
from metering.models import Event, Finding, Meter, Slot
from metering.slots import NUMBER, Fault, Layout, assign, fill
from metering.slots import Slot as SlotValue

_GATE_MILLISECONDS = 30_000
_CHUNK = 2_000


class MeterDiffers(Refusal):
    """The key is taken by a published meter that counts otherwise."""

    code = "meter_differs"


def publish_meter(definition: MeterDefinition, *, actor: Actor) -> Meter:
    """The meter of that definition, from now on read from every event of its type, those stored before included.

    The same definition again changes nothing; names, unit and metadata may change. Stored events that it can't
    read become findings. Raises InvalidValue, MeterDiffers, SlotsExhausted, or GateBusy while ingest is busy.
    """
    check(definition)
    known = Meter.objects.filter(key=definition.key).first()
    if known is not None:
        return _again(known, definition, actor)
    with atomic():
        # Behind the closed gate no event comes in that would miss the slots.
        gate.close(tenant_id(), wait_milliseconds=_GATE_MILLISECONDS)
        known = Meter.objects.filter(key=definition.key).first()
        return _publish(definition, actor) if known is None else _again(known, definition, actor)


def _again(meter: Meter, definition: MeterDefinition, actor: Actor) -> Meter:
    for name, wanted in definition.rule().items():
        if (published := getattr(meter, name)) != wanted:
            raise MeterDiffers(
                f"the meter {meter.key!r} is published with {published!r}; give the new definition a new key",
                field=name,
            )
    before = {name: getattr(meter, name) for name in definition.description()}
    if before == definition.description():
        return meter
    with atomic():
        for name, value in definition.description().items():
            setattr(meter, name, value)
        meter.save(update_fields=list(before))
        at, after = clock.now(), definition.description()
        audit.record(actor=actor, event=Happening.METER_CHANGED, subject=meter, at=at, before=before, after=after)
        outbox.publish(event=Happening.METER_CHANGED, subject=meter, at=at, payload={"key": meter.key})
    return meter


def _publish(definition: MeterDefinition, actor: Actor) -> Meter:
    at = clock.now()
    meter = Meter(key=definition.key, published_at=at, **definition.rule(), **definition.description())
    taken = [layouts.value_of(slot) for slot in Slot.objects.filter(event_type=meter.event_type).order_by("column")]
    made = assign(taken, layouts.wanted(meter), event_type=meter.event_type)
    meter.save(force_insert=True)
    Slot.objects.bulk_create(
        Slot(event_type=meter.event_type, property=slot.property, kind=slot.kind, column=slot.column) for slot in made
    )
    _read_stored(meter, made, Layout(slots=(*taken, *made), meters=(layouts.rule(meter, [*taken, *made]),)))
    after = definition.rule()
    audit.record(actor=actor, event=Happening.METER_PUBLISHED, subject=meter, at=at, after=after)
    outbox.publish(event=Happening.METER_PUBLISHED, subject=meter, at=at, payload={"key": meter.key})
    return meter


def _read_stored(meter: Meter, made: Sequence[SlotValue], layout: Layout) -> None:
    """Fills the new slots of the events that are there already, and notes those that the meter can't read."""
    for numbered in _stored(meter.event_type):
        findings, changes = [], []
        for number, body in numbered:
            held, faults = fill(layout, cloudevents.read(body.encode()).data)
            findings += [_finding(meter, number, fault) for fault in faults]
            changes.append((number, *[held.get(slot.column) for slot in made]))
        Finding.objects.bulk_create(findings)
        if made:
            columns = [(slot.column, relation.WIDE if slot.kind == NUMBER else relation.TEXT) for slot in made]
            relation.update("metering_event", ("number", relation.INTEGER), columns, changes)


def _stored(event_type: str) -> Iterator[list[tuple[int, str]]]:
    """Chunks of (number, body) of the events of a type."""
    after = 0
    events = Event.objects.filter(type=event_type).order_by("number").values_list("number", "body")
    while chunk := list(events.filter(number__gt=after)[:_CHUNK]):
        yield chunk
        after = chunk[-1][0]


def _finding(meter: Meter, number: int, fault: Fault) -> Finding:
    refusal: Any = fault.refusal
    return Finding(
        meter=meter, event_number=number, code=refusal.code, field=(refusal.field or "")[:400], detail=refusal.detail
    )
