"""The gate of all who add to append-only tables: the database itself enters it, and a sealer closes it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest
from django.db import IntegrityError, ProgrammingError, connection

from core.access.scope import tenant_id
from core.db import arrivals, writers
from core.db.gate import GateBusy
from core.db.transaction import atomic
from core.models import AuditRecord, Tenant
from tests.core.seals.sealing import add_messages
from tests.metering.crowd import meanwhile
from tests.support.roles import speaking_as
from tests.support.world import instant

pytestmark = pytest.mark.usefixtures("fresh_books")


def _write() -> None:
    AuditRecord.objects.create(
        event="x", actor_kind="x", actor_name="x", subject_type="x", subject_id="x", at=instant("2026-01-01")
    )


def _exclude() -> int:
    with atomic():
        writers.exclude(wait_milliseconds=20_000)
        return arrivals.draw()


def _waits(work: Future[int]) -> bool:
    try:
        work.result(timeout=0.2)
    except TimeoutError:
        return True
    return False


def _arrivals(table: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT arrival FROM {table} WHERE tenant_id = %s ORDER BY arrival", [tenant_id()])
        return [arrival for (arrival,) in cursor.fetchall()]


def test_whoever_excludes_writers_waits_for_those_who_have_written() -> None:
    with atomic():
        _write()
        excluding = meanwhile(_exclude)
        assert _waits(excluding)
    assert excluding.result(timeout=30) > _arrivals("core_auditrecord")[-1]


def test_raw_statements_enter_as_well() -> None:
    with atomic():
        add_messages(2)
        excluding = meanwhile(_exclude)
        assert _waits(excluding)
    assert excluding.result(timeout=30) > _arrivals("core_message")[-1]


def test_who_only_reads_is_not_waited_for() -> None:
    with atomic():
        assert AuditRecord.objects.count()
        assert meanwhile(_exclude).result(timeout=30)


def test_nobody_writes_while_writers_are_excluded_and_what_comes_later_arrives_later() -> None:
    with atomic():
        writers.exclude(wait_milliseconds=1_000)
        writing = meanwhile(_write)
        assert _waits(writing)  # type: ignore[arg-type]
        cut = arrivals.draw()
    writing.result(timeout=30)
    assert _arrivals("core_auditrecord")[-1] > cut


def test_whoever_waits_too_long_is_told_that_it_is_busy() -> None:
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with atomic():
            _write()
            inside.set()
            assert leave.wait(30)

    staying = meanwhile(stay)
    assert inside.wait(30)
    try:
        with pytest.raises(GateBusy), atomic():
            writers.exclude(wait_milliseconds=100)
    finally:
        leave.set()
        staying.result(timeout=30)
    assert _exclude()


def test_rows_arrive_in_the_order_of_their_statement() -> None:
    """Each has a number of its own, so that a batch of a seal can end at any."""
    before = _arrivals("core_message")
    add_messages(3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject_id FROM core_message WHERE tenant_id = %s ORDER BY arrival", [tenant_id()])
        assert [name for (name,) in cursor.fetchall()][len(before) :] == ["1", "2", "3"]
    assert len(set(_arrivals("core_message"))) == len(before) + 3


@pytest.mark.mariadb("a table is its gate there")
def test_the_application_cannot_take_the_gate_away() -> None:
    for statement in ("DELETE FROM core_writersgate", "INSERT INTO core_writersgate VALUES (2)"):
        with pytest.raises(ProgrammingError), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.mariadb("a table is its gate there")
def test_nobody_writes_without_the_gate() -> None:
    with speaking_as("DATABASE_OWNER_URL"), atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM core_writersgate")
        with pytest.raises(IntegrityError, match="the gate of writers is gone"), atomic(savepoint=True):
            _write()
        connection.set_rollback(True)


@pytest.mark.postgresql("InnoDB ends one of the two, which tries again")
def test_a_writer_behind_a_waiting_sealer_lets_one_in_front_of_it_pass(fresh_books: Tenant) -> None:
    """One wrote and wants a row; another holds that row and wants to write, but a sealer waits for the first.

    PostgreSQL sees that the second only has to go ahead of the sealer, which is in the queue and holds nothing.
    """
    held, asked = threading.Event(), threading.Event()

    def hold_the_row_and_write() -> None:
        with atomic():
            Tenant.objects.select_for_update().get(pk=fresh_books.pk)
            held.set()
            assert asked.wait(30)
            time.sleep(0.3)
            _write()

    holding = meanwhile(hold_the_row_and_write)
    assert held.wait(30)
    with atomic():
        _write()
        excluding = meanwhile(_exclude)
        assert _waits(excluding)
        asked.set()
        Tenant.objects.select_for_update().get(pk=fresh_books.pk)
    holding.result(timeout=30)
    assert excluding.result(timeout=30) > _arrivals("core_auditrecord")[-1]
