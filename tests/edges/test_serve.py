"""Web and relay as one: started together, ended together, and what is said when they can't be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from billing.models import Rendition
from config import processes
from config.places import ROOT
from core import outbox
from core.access.scope import tenant_id, tenant_scope
from core.models import Delivery, Message, Tenant
from tests.support import world

pytestmark = pytest.mark.usefixtures("books")


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of its own, and its address."""
    command = [sys.executable, str(ROOT / "manage.py"), "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield server, server.stdout.readline().strip()
        finally:
            server.kill()


def children(pid: int) -> dict[str, int]:
    """The processes that bin/stop would find, of this server alone."""
    found = {}
    for file in processes.RUN.glob("*.pid"):
        try:
            number = int(file.read_text().split()[0])
        except (FileNotFoundError, IndexError):
            continue  # another server's, just going or coming
        parent = subprocess.run(["ps", "-o", "ppid=", "-p", str(number)], capture_output=True, text=True, check=False)
        if parent.stdout.strip() == str(pid):
            found[file.stem.rpartition("-")[0]] = number
    return found


def wait(until: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_when_it_says_where_and_ends_whole(by: signal.Signals) -> None:
    """The first line of output is the address; afterwards nothing is left running."""
    with served() as (server, line):
        assert line.startswith("web http://127.0.0.1:")
        assert httpx.get(f"{line.removeprefix('web ')}/healthz").status_code == 200
        known = children(server.pid)
        assert sorted(known) == ["serve-relay", "serve-web"]
        server.send_signal(by)
        assert server.wait(timeout=60) == 0
    wait(lambda: not any(processes.birth(pid) for pid in known.values()))
    assert children(server.pid) == {}
    assert not any((processes.RUN / f"{name}-{pid}.pid").exists() for name, pid in known.items())


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with served("--port", str(port)) as (server, line):
            assert line == ""
            assert server.wait(timeout=60) == 1
            assert server.stderr is not None
            assert f"cannot_serve: port {port} can't be taken" in server.stderr.read()


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_is_a_number(port: str) -> None:
    with served("--port", port) as (server, line):
        assert (line, server.wait(timeout=60)) == ("", 2)


def test_when_one_part_dies_the_other_is_ended() -> None:
    """Whoever watches over us then starts both anew; half a service would go unnoticed."""
    with served() as (server, _):
        known = children(server.pid)
        os.kill(known["serve-relay"], signal.SIGKILL)
        assert server.wait(timeout=60) == 1
        assert server.stderr is not None
        assert "relay ended with -9" in server.stderr.read()
    wait(lambda: processes.birth(known["serve-web"]) is None)


def test_a_relay_ends_with_the_process_that_started_it() -> None:
    """One that was killed can't end its children; they would go on with nobody to stop them."""
    with served() as (server, _):
        known = children(server.pid)
        server.kill()
        server.wait(timeout=60)
    wait(lambda: processes.birth(known["serve-relay"]) is None)
    os.kill(known["serve-web"], signal.SIGTERM)
    wait(lambda: processes.birth(known["serve-web"]) is None)


def test_an_issued_invoice_gets_its_pdf_by_itself(address: str, books: Tenant) -> None:
    """Through the outbox, by the relay that runs beside the web."""
    issue_one()
    wait(Rendition.objects.exists)
    wait(lambda: set(Delivery.objects.values_list("state", flat=True)) == {"delivered"})


def test_a_message_that_nobody_can_read_holds_up_nobody(address: str, books: Tenant) -> None:
    """Neither those behind it nor another tenant's: it is tried again later, and its trouble is written down."""
    with tenant_scope(opened_before(books).id):
        at = books.created_at
        unread = Message.objects.create(event="no.such.event", subject_type="x", subject_id="1", at=at)
        delivery = Delivery.objects.create(message=unread, listener="nobody", next_attempt_at=at)
        issue_one()
        wait(Rendition.objects.exists)
        assert Delivery.objects.get(pk=delivery.pk).last_error == "no listener is named nobody"
    issue_one()
    wait(Rendition.objects.exists)


def test_trouble_of_one_tenant_is_logged_and_skipped(
    books: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, relay = opened_before(books), outbox.relay

    def relayed(**named: Any) -> int:
        if tenant_id() == broken.id:
            raise RuntimeError("broken")
        return relay(**named)

    monkeypatch.setattr(outbox, "relay", relayed)
    issue_one()
    outbox.relay_every_tenant()
    wait(Rendition.objects.exists)  # another relay of the same database may be at it
    assert f"relaying for tenant {broken.key} failed" in caplog.text


def opened_before(books: Tenant) -> Tenant:
    """Another tenant, which the relay comes to first."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    tenant = Tenant(id=UUID(int=books.id.int - 1), key=f"{books.key}-0", name="First", kind="sandbox")
    tenant.clock_at = tenant.created_at = start
    tenant.save(force_insert=True)
    return tenant


def issue_one() -> None:
    """One invoice, of a fee."""
    start = world.day("2026-01-01")
    world.apply(
        {
            "customers": [world.customer()],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("flat", [{"key": "fee", "model": "flat", "amount": "10.00"}])],
            "subscriptions": [{"key": "s-01", "customer": "c-01", "plan": "flat", "start": start}],
        }
    )
    world.bill("2026-01-01")
