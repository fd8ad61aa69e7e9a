"""Every acknowledged event is there once, as it was sent, and where its batch says."""
# ruff: noqa: S608 - the statements are constants

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from django.db import connection

from core.access.scope import tenant_id
from core.db.asking import count, holds
from core.integrity import Check, Finding, Outcome, outcome
from metering import layouts
from metering.identity import event_key
from metering.models import Batch, Event, Meter, Slot, Void
from metering.models.batch import POSITION_BITS
from metering.rereading import event_findings

#: Of one kind of fault this many are named; the rest shows once they are mended.
_TOLD = 20

_COUNTS_DIFFER = f"""
SELECT * FROM (
  SELECT b.number,
    b.accepted AS said_accepted, COALESCE(s.stored, 0) AS found_accepted,
    b.conflict AS said_conflict, COALESCE(q.conflict, 0) AS found_conflict,
    b.rejected AS said_rejected, COALESCE(q.rejected, 0) AS found_rejected,
    b.sent AS said_sent, b.accepted + b.duplicate + b.conflict + b.rejected + b.blocked AS found_sent
  FROM metering_batch b
  LEFT JOIN (
    SELECT batch, SUM(n) AS stored FROM (
      SELECT number >> {POSITION_BITS} AS batch, COUNT(*) AS n FROM metering_event WHERE tenant_id = %s GROUP BY 1
      UNION ALL
      SELECT number >> {POSITION_BITS} AS batch, COUNT(*) AS n FROM metering_void WHERE tenant_id = %s GROUP BY 1
    ) rows_of GROUP BY batch
  ) s ON s.batch = b.number
  LEFT JOIN (
    SELECT batch_id, SUM(CASE WHEN outcome = 'conflict' THEN 1 ELSE 0 END) AS conflict,
      SUM(CASE WHEN outcome = 'rejected' THEN 1 ELSE 0 END) AS rejected
    FROM metering_quarantine WHERE tenant_id = %s GROUP BY batch_id
  ) q ON q.batch_id = b.id
  WHERE b.tenant_id = %s
) counted
WHERE said_accepted <> found_accepted OR said_conflict <> found_conflict
  OR said_rejected <> found_rejected OR said_sent <> found_sent
ORDER BY number
"""

_WITHOUT_BATCH = f"""
SELECT number FROM (
  SELECT number FROM metering_event WHERE tenant_id = %s UNION ALL SELECT number FROM metering_void WHERE tenant_id = %s
) numbered
WHERE NOT EXISTS (
  SELECT 1 FROM metering_batch b WHERE b.tenant_id = %s AND b.number = numbered.number >> {POSITION_BITS}
)
ORDER BY number
"""


def _batches() -> Outcome:
    return outcome(count(Batch), "batches", islice(_batch_findings(), _TOLD))


def _batch_findings() -> Iterator[Finding]:
    if not holds(Batch, Event, Void):
        return
    tenant = tenant_id()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS_DIFFER, [tenant] * 4)
        for number, *pairs in cursor.fetchall():
            told = zip(("accepted", "conflict", "rejected", "sent"), pairs[::2], pairs[1::2], strict=True)
            wrong = [f"{name} {said}, found {there}" for name, said, there in told if said != there]
            yield Finding(f"batch {number}", "; ".join(wrong))
        cursor.execute(_WITHOUT_BATCH, [tenant] * 3)
        for (number,) in cursor.fetchall():
            yield Finding(f"event {number}", f"its batch {number >> POSITION_BITS} is missing")


def _events() -> Outcome:
    return outcome(count(Event), "events", islice(event_findings(), _TOLD) if holds(Event) else ())


def _meters() -> Outcome:
    if not holds(Meter):
        return outcome(0, "meters")
    slots = defaultdict(list)
    for slot in Slot.objects.all():
        slots[slot.event_type].append(layouts.value_of(slot))
    found = [
        Finding(f"meter {meter.key}", f"no slot holds {', '.join(missing)}")
        for meter in Meter.objects.order_by("key")
        if (missing := layouts.missing_slots(meter, slots[meter.event_type]))
    ]
    return outcome(count(Meter), "meters", found)


def _voids() -> Outcome:
    if not holds(Void):
        return outcome(0, "voids")
    found = [
        Finding(f"void {void.number}", "its key is not the one of its source and id")
        for void in Void.objects.order_by("number").iterator()
        if void.key != event_key(void.tenant_id, void.source, void.event_id)
    ]
    return outcome(count(Void), "voids", found)


CHECKS: tuple[Check, ...] = (
    Check("metering.batches", 3, "Each batch's counts add up, and are the rows that are there.", _batches),
    Check("metering.events", 3, "Each event's identity, digest and slots are what its body says.", _events),
    Check("metering.meters", 3, "Each meter finds every property that it reads on the events' rows.", _meters),
    Check("metering.voids", 3, "Each void names the event whose key it holds.", _voids),
)
