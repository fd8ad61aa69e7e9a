"""Every command, called wrongly (exit 2) or asked for what can't be (exit 1): told why, and nothing is changed."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from core.access import services as access
from core.access.scope import tenant_scope
from core.models import Tenant
from tests.support import world
from tests.support.bad_commands import CASES
from tests.support.commands import manage, spawn, succeed
from tests.support.tenants import fingerprint


@pytest.fixture
def billed(books: Tenant) -> Tenant:
    """Books with one invoice that is partly paid and one that is void, a subscription, and one that ends."""
    price = {"key": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.10"}
    seats = {"key": "seats", "model": "per_unit", "unit_amount": "1.00", "quantity": "seats", "timing": "arrears"}
    fee = {"key": "fee", "model": "flat", "amount": "5.00"}
    start = world.day("2026-01-01")
    world.apply(
        {
            "customers": [world.customer(), world.customer("c-02")],
            "meters": [{"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "tokens"}],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [
                world.plan("payg", [price, seats]),
                world.plan("flat", [fee]),
                world.plan("euro", [fee], currency="EUR"),
                world.plan("weekly", [fee], interval="week"),
            ],
            "subscriptions": [
                {"key": "s-01", "customer": "c-01", "plan": "payg", "start": start, "quantities": {"seats": "1"}},
                {"key": "s-02", "customer": "c-02", "plan": "payg", "start": start, "quantities": {"seats": "1"}},
            ],
        }
    )
    for name in ("c-01", "c-02"):
        world.ingest(world.event(f"e-{name}", time="2026-01-03T10:00:00Z", subject=name, tokens=100))
    world.bill("2026-02-01")
    world.void_invoice("INV-000002")
    world.change("s-02", on="2026-06-01", end=True)
    payment = ["--amount", "1", "--on", "2026-02-01", "--reference", "paid"]
    succeed("pay", "INV-000001", "--tenant", books.key, *payment)
    return books


@pytest.fixture
def live(books: Tenant) -> Tenant:
    tenant = access.open_tenant(key=f"live-{uuid4().hex[:12]}", name="Live", kind="live", actor=world.TESTER)
    with tenant_scope(tenant.id):
        world.apply({"customers": [world.customer()]})
    return tenant


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {
        "good.csv": b"who,at,tokens\nc-01,2026-01-05T00:00:00Z,1\n",
        "empty.csv": b"",
        "blank.csv": b"\n\n",
        "twice.csv": b"who,at,who\n",
        "latin.csv": b"who,at,\xe9\n",
        "stranger.json": b'{"tenant": "stranger", "seals": []}',
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("command", CASES)
def test_refused_and_nothing_is_changed(command: str, billed: Tenant, live: Tenant, folder: Path) -> None:
    before = everything(billed, live)
    for arguments, code, said in CASES[command]:
        places = {"TENANT": billed.key, "LIVE": live.key}
        given = [places.get(one, one.replace("FILE", str(folder))) for one in arguments]
        done = manage(command, *given)
        told = done.err.replace(str(folder), "FILE")
        assert (done.code, done.out) == (code, ""), (given, told)
        assert [word for word in said if word not in told] == [], (given, told)
    assert everything(billed, live) == before


def everything(*tenants: Tenant) -> list[dict[str, str]]:
    found = []
    for tenant in tenants:
        with tenant_scope(tenant.id):
            found.append(fingerprint())
    return found


@pytest.mark.parametrize(
    "arguments", [["invent"], ["verify", "--nonsense"]], ids=["an unknown command", "an unknown option"]
)
def test_wrong_usage_of_the_program_itself(books: Tenant, arguments: list[str]) -> None:
    """As a process of its own: exit 2, the reason on standard error, nothing on standard output."""
    process = spawn("manage.py", *arguments)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert arguments[-1] in err
    assert "Traceback" not in err


def test_a_reader_that_has_enough_ends_it_without_a_traceback(books: Tenant) -> None:
    """As `| head -1` does: what came is not the whole, so it is no success."""
    world.apply({"customers": [world.customer()]})
    with spawn("manage.py", "export_journal", "--tenant", books.key, "--format", "csv") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (1, "daybook: could not write: Broken pipe\n")
