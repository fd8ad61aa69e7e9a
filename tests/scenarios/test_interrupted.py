"""Work that is killed outright, or done twice at once, leaves the books of work that nobody disturbed."""

from __future__ import annotations

import csv
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from billing.models import Invoice, InvoiceLine
from core.models import Tenant
from metering.models import Batch, Event, Import
from tests.support import world
from tests.support.commands import spawn, succeed
from tests.support.effort import sized
from tests.support.histories import booked
from tests.support.tenants import another_tenant
from tests.support.verifying import verify_books

pytestmark = pytest.mark.usefixtures("books")

ROWS = sized(30_000)
#: Rows taken in when an import is killed.
_MOMENTS = (0, ROWS // 5, ROWS * 3 // 5)
CUSTOMERS = sized(60)
#: Documents issued when a run is killed.
_ISSUED = (1, CUSTOMERS * 3 // 2 + 3, CUSTOMERS * 10 // 3 + 1)
THROUGH = "2026-04-01"
_PATIENCE = 120.0


def wait_for(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    """Until it has happened, which must be before the process ends."""
    until = time.monotonic() + _PATIENCE
    while not happened():
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"it has not happened: {process.communicate()[1]}")
        time.sleep(0.02)


@contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that doesn't outlive the block."""
    with spawn(*arguments) as process:
        try:
            yield process
        finally:
            process.kill()


def finish(process: subprocess.Popen[str]) -> None:
    """Waits for an end that must be a good one."""
    _, said = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 0, said


# An import


@pytest.fixture
def usage_file(tmp_path: Path) -> Path:
    path = tmp_path / "usage.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "who", "at", "tokens"])
        for i in range(ROWS):
            writer.writerow([f"e-{i}", f"c-{i % CUSTOMERS:02}", f"2026-01-{i % 28 + 1:02}T{i % 24:02}:00:00Z", i])
    return path


def import_arguments(tenant: Tenant, path: Path) -> list[str]:
    columns = ["--subject-column", "who", "--time-column", "at", "--id-column", "id"]
    return [str(path), "--tenant", tenant.key, "--type", "used", "--source", "tests", *columns]


def stored_events() -> set[tuple[Any, ...]]:
    rows = Event.objects.values_list("source", "event_id", "type", "subject", "time", "body", "digest")
    return {(*row, bytes(digest)) for *row, digest in rows}


@pytest.mark.parametrize("resume", [True, False], ids=["resumed", "from the start"])
def test_an_import_killed_again_and_again_is_finished_by_the_same_command(
    books: Tenant, usage_file: Path, *, resume: bool
) -> None:
    """Every event once, whatever the moments; the batches and the imports say what they did."""
    with another_tenant() as twin:
        assert succeed("import_events", *import_arguments(twin, usage_file), "--json").json["accepted"] == ROWS
        undisturbed = stored_events()

    command = [*import_arguments(books, usage_file), *(["--resume"] if resume else [])]
    for attempt, rows in enumerate(_MOMENTS, start=1):
        with child("manage.py", "import_events", *command) as process:
            wait_for(process, partial(has_come, imports=1 if resume else attempt, rows=rows))
        assert rows_done() < ROWS
    counts = succeed("import_events", *command, "--json").json

    assert stored_events() == undisturbed
    assert Event.objects.count() == ROWS
    assert (counts["rows"], counts["accepted"] + counts["duplicate"]) == (ROWS, ROWS)
    sums = Batch.objects.aggregate(*map(Sum, ("sent", "accepted", "duplicate")))
    told = Import.objects.aggregate(*map(Sum, ("rows_done", "accepted", "duplicate")))
    assert list(sums.values()) == list(told.values())
    assert sums["accepted__sum"] == ROWS
    assert (sums["duplicate__sum"] == 0) is resume
    assert Import.objects.filter(finished_at__isnull=False).count() == 1


def has_come(*, imports: int, rows: int) -> bool:
    return Import.objects.count() == imports and rows_done() >= rows


def rows_done() -> int:
    """How far the last import has come."""
    return int(Import.objects.order_by("-started_at", "-id").values_list("rows_done", flat=True)[0])


# A run


def set_up_customers() -> None:
    """Customers with usage, seats and a fee, and three months of usage."""
    names = [f"c-{number:02}" for number in range(CUSTOMERS)]
    tiers = [{"up_to": "1000", "unit_amount": "0.0023"}, {"up_to": None, "unit_amount": "0.0017"}]
    prices: list[dict[str, Any]] = [
        {"key": "tokens", "meter": "tokens", "model": "graduated", "tiers": tiers},
        {"key": "seats", "model": "per_unit", "unit_amount": "9.99", "quantity": "seats"},
        {"key": "platform", "model": "flat", "amount": "29.90", "timing": "arrears"},
    ]
    zones = ["UTC", "Asia/Kolkata"]
    world.apply(
        {
            "customers": [world.customer(name, time_zone=zones[i % 2]) for i, name in enumerate(names)],
            "meters": [{"key": "tokens", "event_type": "used", "aggregation": "sum", "property": "tokens"}],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("payg", prices)],
            "subscriptions": [
                {
                    "key": f"s-{name}",
                    "customer": name,
                    "plan": "payg",
                    "start": world.day("2026-01-01"),
                    "quantities": {"seats": "3"},
                }
                for name in names
            ],
        }
    )
    world.ingest(
        *[
            world.event(f"e-{name}-{month}-{n}", time=f"2026-{month:02}-1{n}T12:00:00Z", subject=name, tokens=997 * n)
            for name in names
            for month in (1, 2, 3)
            for n in (1, 2)
        ]
    )


def issued() -> list[tuple[Any, ...]]:
    """Every document with its lines, as two tenants may compare them."""
    lines: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    for line in InvoiceLine.objects.order_by("invoice", "position"):
        lines[line.invoice_id].append((line.position, line.description, line.exact, line.amount.amount))
    rows = Invoice.objects.select_related("payer").order_by("sequence")
    return [
        (
            *(row.number, row.sequence, row.payer.key, row.state, row.cut_off_at, row.issued_on, row.due_on),
            *(row.gross.amount, lines[row.id]),
        )
        for row in rows
    ]


def bill_command(tenant: Tenant) -> list[str]:
    return ["-m", "tests.support.billing_process", tenant.key, THROUGH]


def begin(process: subprocess.Popen[str]) -> None:
    """Lets a run that has said that it is ready begin."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()


def has_issued(documents: int) -> bool:
    return Invoice.objects.count() >= documents


def undisturbed_books() -> tuple[dict[Any, int], list[tuple[Any, ...]]]:
    """What a tenant with the same facts holds after a run that nobody killed."""
    with another_tenant():
        set_up_customers()
        world.bill(THROUGH)
        assert len(issued()) == CUSTOMERS * 4
        verify_books()
        return booked(), issued()


def test_a_run_killed_again_and_again_is_finished_by_the_same_command(books: Tenant) -> None:
    """The same charges, documents and numbers as if nobody had killed it."""
    undisturbed = undisturbed_books()
    set_up_customers()
    for seen in _ISSUED:
        with child(*bill_command(books)) as process:
            begin(process)
            wait_for(process, partial(has_issued, seen))
        assert Invoice.objects.count() < CUSTOMERS * 4
    with child(*bill_command(books)) as process:
        begin(process)
        finish(process)

    documents = issued()
    assert (booked(), documents) == undisturbed
    assert [row[1] for row in documents] == list(range(1, CUSTOMERS * 4 + 1))
    assert world.bill(THROUGH).charges == 0


def test_two_runs_at_once_are_one(books: Tenant) -> None:
    """Both end well; nothing is booked or issued twice, and no number is missing."""
    undisturbed = undisturbed_books()
    set_up_customers()
    with child(*bill_command(books)) as one, child(*bill_command(books)) as other:
        begin(one)
        begin(other)
        finish(one)
        finish(other)

    charges, documents = undisturbed
    found = issued()
    assert booked() == charges
    assert sorted(row[2:] for row in found) == sorted(row[2:] for row in documents)
    assert [row[1] for row in found] == list(range(1, CUSTOMERS * 4 + 1))
