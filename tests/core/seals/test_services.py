"""Making seals: an exact cut, whatever others write meanwhile, at a cost that follows what is new."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from itertools import chain
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from core import audit
from core.access.scope import tenant_id
from core.db import arrivals
from core.db.gate import GateBusy
from core.db.transaction import atomic
from core.events import Event
from core.models import AuditRecord, Message, Seal, SealPart, Tenant
from core.seals import parts, services
from core.seals.form import NOTHING, PART_ROWS
from core.seals.services import SealContested
from core.seals.tables import sealed
from tests.core.seals.sealing import add_messages, checked, found
from tests.metering.crowd import meanwhile
from tests.scenarios.test_interrupted import child, wait_for
from tests.support import world
from tests.support.commands import succeed
from tests.support.processes import at_once
from tests.support.tenants import another_tenant

pytestmark = pytest.mark.usefixtures("books")


def _made(**options: Any) -> Seal:
    made = services.make(actor=world.TESTER, **options)
    assert made is not None
    return made


def _cross() -> None:
    """One operation: an audit record and nothing else."""
    subject = Tenant.objects.get(pk=tenant_id())
    audit.record(actor=world.TESTER, event=Event.TENANT_CROSSED, subject=subject, at=timezone.now())


def test_every_table_that_is_never_changed_is_sealed_by_its_id() -> None:
    assert {"ledger_transfer", "metering_event", "billing_invoice", "core_auditrecord"} < set(sealed())
    assert all(columns[0][1] in ("uuid", "integer") for columns in sealed().values())
    assert all("tenant_id" in dict(columns) for columns in sealed().values())


def test_what_changes_or_may_be_erased_is_left_out() -> None:
    assert dict(sealed()["customers_frozenparty"]).keys() == {"id", "tenant_id", "customer_id", "digest"}
    assert "content" not in dict(sealed()["billing_rendition"])
    assert "state" not in dict(sealed()["billing_invoice"])


def test_a_seal_covers_each_row_once_and_holds_the_one_before() -> None:
    first = _made()
    world.apply({"customers": [world.customer()]})
    second = _made()
    assert (first.number, first.previous, second.number, second.previous) == (1, NOTHING, 2, first.digest)
    assert first.rows == 2  # the tenant's opening, recorded and announced
    for table in ("core_auditrecord", "customers_customer", "core_message"):
        covered = sum(SealPart.objects.filter(table=table).values_list("rows", flat=True))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", [tenant_id()])
            (there,) = cursor.fetchone()
        own = 1 if table != "customers_customer" else 0  # what the second seal itself wrote
        assert covered == there - own, table
    assert (checked().counted, found()) == (first.rows + second.rows, [])


def test_a_seal_is_recorded_and_announced() -> None:
    made = _made()
    told = {"number": 1, "digest": made.digest, "rows": made.rows}
    assert AuditRecord.objects.get(event=Event.SEAL_MADE).after == told
    assert Message.objects.get(event=Event.SEAL_MADE).payload == told


def test_without_anything_new_there_is_no_seal_unless_asked_for() -> None:
    _made()
    assert services.make(actor=world.TESTER) is None
    assert SealPart.objects.exclude(seal__number=1).count() == 0
    assert _made(even_if_empty=True).number == 2
    assert services.make(actor=world.TESTER) is None
    _cross()
    assert _made().number == 3


def test_another_tenants_rows_are_not_ours() -> None:
    _made()
    with another_tenant():
        world.apply({"customers": [world.customer()]})
    assert services.make(actor=world.TESTER) is None


@pytest.mark.postgresql("MariaDB numbers rows, so none come together")
def test_many_rows_make_several_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The memory that it takes is that of a part."""
    monkeypatch.setattr(parts, "PART_ROWS", 10)
    for _ in range(3):
        add_messages(8)
    add_messages(35)
    _made()
    rows = SealPart.objects.filter(table="core_message").order_by("position").values_list("rows", flat=True)
    assert list(rows) == [10] * 6
    assert found() == []
    assert PART_ROWS > 10


def test_a_second_seal_of_the_same_number_is_refused_by_the_database_itself() -> None:
    first = _made()
    for number, previous in ((1, "1" * 64), (2, first.previous)):
        with pytest.raises(IntegrityError), atomic():
            Seal.objects.create(number=number, previous=previous, digest="", made_at=timezone.now(), cut=0, rows=0)


@pytest.mark.postgresql("counts the pages that its plans read")
def test_its_cost_follows_what_is_new(books: Tenant) -> None:
    """Of many rows that are sealed already the next seal reads next to nothing: their pages are left out."""
    add_messages(40_000)
    last = _made()
    add_messages(20)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE core_message")
    query = arrivals.selecting("core_message", [name for name, _ in sealed()["core_message"]])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", [books.id, last.cut, last.cut + 1_000])
        (((plan,),),) = cursor.fetchall()
        cursor.execute("SELECT relpages FROM pg_class WHERE relname = 'core_message'")
        (pages,) = cursor.fetchone()
    heap = _node(plan["Plan"], "Bitmap Heap Scan")
    assert _node(heap, "Bitmap Index Scan")["Index Name"] == "core_message_arrival"
    assert heap["Lossy Heap Blocks"] + heap["Exact Heap Blocks"] < pages / 5
    assert _made().rows == 22


def _node(plan: dict[str, Any], kind: str) -> dict[str, Any]:
    if plan["Node Type"] == kind:
        return plan
    (below,) = plan["Plans"]
    return _node(below, kind)


def seal_or_write(role: str, times: int) -> list[int]:
    """What one process of a crowd does: writes operations one by one, or seals again and again."""
    numbers = []
    for _ in range(times):
        if role == "write":
            with atomic():
                _cross()
                time.sleep(0.002)
        else:
            with suppress(SealContested):
                if made := services.make(actor=world.TESTER):
                    numbers.append(made.number)
            time.sleep(0.01)
    return numbers


def test_two_sealers_at_once_leave_one_chain() -> None:
    """One of them is told that the other is at it, or comes after it and finds nothing new."""
    _cross()
    both = at_once(seal_or_write, *[{"role": "seal", "times": 1}] * 2)
    assert [*chain.from_iterable(both)] == [1]
    assert found() == []


def test_no_row_lands_behind_a_seal_while_others_write() -> None:
    """Writers and sealers as processes: in the end each row is covered exactly once."""
    calls = [{"role": "write", "times": 150}] * 2 + [{"role": "seal", "times": 8}] * 2
    answers = at_once(seal_or_write, *calls)
    numbers = sorted(chain.from_iterable(answers))
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers, "the sealers came through"
    services.make(actor=world.TESTER)
    assert found() == []
    assert checked().counted + 2 == AuditRecord.objects.count() + Message.objects.count()


def _writing(inside: threading.Event, leave: threading.Event) -> None:
    with atomic():
        _cross()
        inside.set()
        assert leave.wait(30)


def test_a_writer_in_flight_is_waited_for() -> None:
    """Its rows are in the seal that was asked for meanwhile, or in a later one: never behind."""
    inside, leave = threading.Event(), threading.Event()
    writing = meanwhile(lambda: _writing(inside, leave))
    assert inside.wait(30)
    sealing = meanwhile(_made)
    time.sleep(0.2)
    assert not Seal.objects.exists()
    leave.set()
    writing.result(timeout=30)
    assert sealing.result(timeout=30).rows == 3
    assert found() == []


def test_a_writer_that_stays_is_told_of_and_nothing_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_WAITS", (50, 50))
    inside, leave = threading.Event(), threading.Event()
    writing = meanwhile(lambda: _writing(inside, leave))
    assert inside.wait(30)
    try:
        with pytest.raises(GateBusy):
            _made()
    finally:
        leave.set()
        writing.result(timeout=30)
    assert not Seal.objects.exists()
    assert _made().rows == 3


@pytest.mark.postgresql("asks for its sessions")
def test_a_sealer_that_is_killed_leaves_nothing_and_the_next_one_goes_on(books: Tenant) -> None:
    add_messages(60_000)
    with child("manage.py", "seal", "--tenant", books.key) as process:
        wait_for(process, _is_hashing)
        process.kill()
        process.wait(30)
    assert (Seal.objects.count(), SealPart.objects.count()) == (0, 0)
    assert succeed("seal", "--tenant", books.key).out.startswith(f"{books.key} seal 1 ")
    assert found() == []


def _is_hashing() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state LIKE 'idle in%' AND (query LIKE 'FETCH%' OR query LIKE '%core_sealpart%')"
        )
        return bool(cursor.fetchone()[0])
