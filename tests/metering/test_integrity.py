"""Each check finds the fault it is there for. The tables are bent in a transaction that is undone."""

from __future__ import annotations

import pytest

from core.models import Tenant
from metering import services
from metering.integrity import CHECKS
from tests.metering.samples import SOURCE, TESTER, meter, send, text
from tests.support.corrupting import corrupted, without_checks


@pytest.fixture(autouse=True)
def usage(fresh_books: Tenant) -> None:
    """Three events, one of which a later meter can't read, a void, a conflict and a rejected one."""
    send([text("1"), text("2"), text("3", data={"tokens": 1, "hours": 2}), text("1", subject="x"), b"{"])
    meter()
    meter("hours", property="hours", filter={"model": ["large"]}, group_by=["region"])
    meter("gpu", property="gpu")
    send([text("4", data={"tokens": 1, "gpu": 1})])
    services.void_event(source=SOURCE, id="2", reason="test", actor=TESTER)


def findings() -> dict[str, list[str]]:
    """By check: what was found."""
    outcomes = {check.name: check.run().findings for check in CHECKS}
    return {name: [found.detail for found in several] for name, several in outcomes.items() if several}


def test_sound_tables_have_no_findings() -> None:
    """And each check says how much it looked at."""
    assert findings() == {}
    counted = {check.name: (check.run().counted, check.run().unit) for check in CHECKS}
    assert counted == {
        "metering.batches": (3, "batches"),
        "metering.events": (4, "events"),
        "metering.meters": (3, "meters"),
        "metering.voids": (1, "voids"),
    }


FIRST = "number = (SELECT min(number) FROM metering_event WHERE tenant_id = current_setting('daybook.tenant')::uuid)"
OF_THE_TENANT = "WHERE tenant_id = {tenant}"
BATCHES, EVENTS, METERS, VOIDS = (f"metering.{name}" for name in ("batches", "events", "meters", "voids"))
WRONG_FINDING = """
INSERT INTO metering_finding (id, tenant_id, event_number, code, field, detail, meter_id)
SELECT gen_random_uuid(), tenant_id, event_number, code, field, detail,
  (SELECT id FROM metering_meter WHERE tenant_id = {tenant} AND key = 'tokens')
FROM metering_finding WHERE event_{first}
"""
FAULTS = [
    ("DELETE FROM metering_event WHERE {first}", BATCHES, "accepted 3, found 2"),
    (f"DELETE FROM metering_void {OF_THE_TENANT}", BATCHES, "accepted 1, found 0"),
    (f"DELETE FROM metering_quarantine {OF_THE_TENANT} AND outcome = 'conflict'", BATCHES, "conflict 1, found 0"),
    (f"UPDATE metering_quarantine SET outcome = 'conflict' {OF_THE_TENANT}", BATCHES, "rejected 1, found 0"),
    (f"UPDATE metering_batch SET sent = 6 {OF_THE_TENANT} AND sent = 5", BATCHES, "sent 6, found 5"),
    (f"DELETE FROM metering_batch {OF_THE_TENANT} AND kind = 'void'", BATCHES, "is missing"),
    ("UPDATE metering_event SET key = gen_random_uuid() WHERE {first}", EVENTS, "key: not what"),
    ("UPDATE metering_event SET digest = sha256('x') WHERE {first}", EVENTS, "digest: not what"),
    ("UPDATE metering_event SET subject = 'me' WHERE {first}", EVENTS, "subject: not what"),
    ("UPDATE metering_event SET time = time + interval '1 microsecond' WHERE {first}", EVENTS, "time: not what"),
    ("UPDATE metering_event SET body = replace(body, '5', '6') WHERE {first}", EVENTS, "digest, n1: not what"),
    ("UPDATE metering_event SET body = 'x' WHERE {first}", EVENTS, "can't be read"),
    ("UPDATE metering_event SET n1 = n1 + 1 WHERE {first}", EVENTS, "n1: not what"),
    ("UPDATE metering_event SET n1 = NULL WHERE {first}", EVENTS, "n1: not what"),
    ("UPDATE metering_event SET t8 = '' WHERE {first}", EVENTS, "t8: not what"),
    ("DELETE FROM metering_finding WHERE event_{first}", EVENTS, "the meter 'gpu' can read it"),
    (WRONG_FINDING, EVENTS, "the meter 'tokens' can't read it"),
    (f"DELETE FROM metering_slot {OF_THE_TENANT} AND property = 'region'", METERS, "holds region"),
    (f"UPDATE metering_void SET event_id = '1' {OF_THE_TENANT}", VOIDS, "not the one of its source"),
]


@pytest.mark.parametrize("statement, check, detail", FAULTS, ids=[fault[0][:60] for fault in FAULTS])
def test_a_fault_is_found(fresh_books: Tenant, statement: str, check: str, detail: str) -> None:
    with corrupted(*without_checks("metering_batch"), statement.format(first=FIRST, tenant=f"'{fresh_books.id}'")):
        found = findings()
    assert detail in "; ".join(found.get(check, []))
