"""`import_events`: what is taken, what is told, and taking it up again."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from core.models import AuditRecord, Tenant
from core.money import PICO
from metering import selectors
from metering.importing import run
from metering.importing.reading import Reading
from metering.importing.rows import csv_rows
from metering.models import Batch, Event, Import, Quarantined
from tests.metering.samples import TESTER, meter

COLUMNS = {"type": "llm.request", "source": "trace", "subject_column": "who", "time_column": "at"}


class Done:
    """A command that ran: its exit code and what it wrote."""

    def __init__(self, books: Tenant, path: Path, **options: Any) -> None:
        out, err, self.code = io.StringIO(), io.StringIO(), 0
        try:
            call_command("import_events", str(path), tenant=books.key, stdout=out, stderr=err, **{**COLUMNS, **options})
        except SystemExit as ended:
            self.code = int(ended.code or 0)
        except CommandError as error:
            self.code = error.returncode
            err.write(str(error))
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def counts(self) -> dict[str, int]:
        return {name: int(count) for name, count in (line.split() for line in self.out.splitlines())}


def csv_file(folder: Path, *rows: str, header: str = "id,who,at,tokens,model") -> Path:
    path = folder / "usage.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def trace(rows: Iterable[int]) -> list[str]:
    return [f"e-{i},c-{i % 50},2026-01-10T{i % 24:02}:00:00Z,{i},large" for i in rows]


def test_cells_become_json_strings(books: Tenant, tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'e-1,c-1,2023-11-16 18:15:46.6805900+00:00,12.5,"large, new"')
    done = Done(books, path, id_column="id")
    assert done.code == 0
    assert done.counts == {"rows": 1, "accepted": 1, "duplicate": 0, "conflict": 0, "rejected": 0, "blocked": 0}
    event = Event.objects.get()
    assert (event.event_id, event.source, event.type, event.subject) == ("e-1", "trace", "llm.request", "c-1")
    assert event.time.isoformat() == "2023-11-16T18:15:46.680590+00:00"
    assert json.loads(event.body)["data"] == {"tokens": "12.5", "model": "large, new"}
    assert Batch.objects.get().kind == "import"


def test_chosen_columns_and_a_zone_for_times_without_one(books: Tenant, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "e-1,c-1,2026-07-10 12:00:00,1,x")
    assert Done(books, path, id_column="id", data_columns="tokens", time_zone="Europe/Berlin").code == 0
    event = Event.objects.get()
    assert (json.loads(event.body)["data"], event.time.hour) == ({"tokens": "1"}, 10)


def test_without_an_id_column_the_id_is_the_file_and_the_row(books: Tenant, tmp_path: Path) -> None:
    path = csv_file(tmp_path, *[row.split(",", 1)[1] for row in trace([7, 7])], header="who,at,tokens,model")
    assert Done(books, path).counts["accepted"] == 2
    digest = run.digest_of(path)
    assert set(Event.objects.values_list("event_id", flat=True)) == {f"{digest}:1", f"{digest}:2"}
    assert Done(books, path).counts["duplicate"] == 2


@pytest.mark.parametrize(("options", "told"), [({}, 1), ({"id_column": "id"}, 0)])
def test_it_is_told_once_that_rows_are_named_by_their_file(
    books: Tenant, tmp_path: Path, options: dict[str, str], told: int
) -> None:
    done = Done(books, csv_file(tmp_path, *trace(range(3))), **options)
    assert (done.code, done.err.count("rows are named by this very file")) == (0, told)


def test_a_file_cut_within_its_last_number_is_not_taken_silently(books: Tenant, tmp_path: Path) -> None:
    """It looks like a whole one without a last end of line, which is allowed: it is taken, and told."""
    path = csv_file(tmp_path, "e-1,c-1,2026-01-10T00:00:00Z,1,x", "e-2,c-1,2026-01-10T00:00:00Z,x,1000")
    path.write_bytes(path.read_bytes()[:-3])
    done = Done(books, path, id_column="id")
    assert (done.code, done.counts["accepted"]) == (0, 2)
    assert "row 2: model: the file ends after '10' without an end of line" in done.err
    assert "without an end of line" not in Done(books, csv_file(tmp_path, *trace([1])), id_column="id").err


@pytest.mark.parametrize(
    ("time", "code", "message"),
    [
        ("2026-03-29 02:30:00", "invalid_time", "does not exist in Europe/Berlin: clocks skip it"),
        ("2026-02-30 02:30:00", "invalid_time", "is not a time that exists"),
        ("2026-03-29T02:30:00+25:00", "invalid_time", "has an offset that does not exist, +25:00"),
        ("2026-03-29T02:30:00+10:60", "invalid_time", "has an offset that does not exist, +10:60"),
    ],
)
def test_a_time_that_is_none_is_told_as_what_it_is(
    books: Tenant, tmp_path: Path, time: str, code: str, message: str
) -> None:
    """Not as one without a zone: that was named."""
    path = csv_file(tmp_path, f"e-1,c-1,{time},1,x")
    done = Done(books, path, id_column="id", time_zone="Europe/Berlin")
    assert (done.code, message in done.err, "--time-zone" in done.err) == (1, True, False)
    kept = Quarantined.objects.get()
    assert (kept.code, kept.source, kept.event_id) == (code, "trace", "e-1")


def test_importing_again_changes_nothing(books: Tenant, tmp_path: Path) -> None:
    path = csv_file(tmp_path, *trace(range(30)))
    Done(books, path, id_column="id")
    again = Done(books, path, id_column="id")
    assert (again.code, again.counts["accepted"], again.counts["duplicate"]) == (0, 0, 30)
    assert Done(books, path, id_column="id", resume=True).counts["duplicate"] == 30
    assert AuditRecord.objects.filter(event="import.finished").count() == 3


def test_json_lines_keep_their_types(books: Tenant, tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    rows = ['{"n": 7, "who": "c-1", "at": "2026-01-10T00:00:00Z", "tokens": 1.50, "x": {"y": [1]}}', '{"n": 8}', "{"]
    path.write_text("\n".join(rows))
    meter()
    done = Done(books, path, id_column="n")
    assert (done.code, done.counts["accepted"], done.counts["rejected"]) == (1, 1, 2)
    event = Event.objects.get()
    assert (event.event_id, event.n1) == ("7", 3 * PICO // 2)
    assert json.loads(event.body)["data"] == {"tokens": 1.5, "x": {"y": [1]}}


BAD = [
    ("e-1,c-1,2026-01-10T00:00:00Z,NaN,x", "row 2: tokens: 'NaN' is not a number"),
    ("e-1,c-1,2026-01-10T00:00:00Z,-0,x", "row 2: tokens: negative zero"),
    ("e-1,c-1,2026-01-10T00:00:00Z,1e400,x", "row 2: tokens: '1e400' is not a plain decimal"),
    ("e-1,c-1,2026-01-10T00:00:00Z,0.1234567890123,x", "row 2: tokens: '0.1234567890123' has more than 12 decimals"),
    ("e-1,c-1,2026-01-10 00:00:00,1,x", "has no offset such as Z or +01:00: name one by --time-zone"),
    ("e-1,c-1,soon,1,x", "row 2: at: 'soon' is not an instant"),
    ("e-1,,2026-01-10T00:00:00Z,1,x", "row 2: who: is required"),
    (",c-1,2026-01-10T00:00:00Z,1,x", "row 2: id: is required"),
    ("e-1,c-1,2026-01-10T00:00:00Z,1", "row 2: the row has 4 cells and the header 5"),
    ("e-1,c-1,2026-01-10T00:00:00Z,1,a\x00b", "row 2: model: holds U+0000"),
    ("e-0,c-1,2026-01-10T00:00:00Z,1,x", "row 2: id: another event with this source and id has other content"),
]


@pytest.mark.parametrize("row, message", BAD, ids=[message[7:30] for _, message in BAD])
def test_a_bad_row_is_named_and_kept_and_the_others_are_taken(
    books: Tenant, tmp_path: Path, row: str, message: str
) -> None:
    meter()
    path = csv_file(tmp_path, *trace([0]), row, *trace([5]))
    done = Done(books, path, id_column="id")
    assert done.code == 1
    assert message in done.err
    assert (done.counts["rows"], done.counts["accepted"], Quarantined.objects.count()) == (3, 2, 1)


def test_twenty_bad_rows_are_told_and_the_rest_counted(books: Tenant, tmp_path: Path) -> None:
    path = csv_file(tmp_path, *[f"e-{i},c-1,never,1,x" for i in range(33)])
    done = Done(books, path, id_column="id")
    assert done.err.count("row ") == 20
    assert "and 13 more" in done.err
    assert selectors.quarantine().count() == 33


def test_a_quarantined_row_can_be_mended_as_an_event(books: Tenant, tmp_path: Path) -> None:
    Done(books, csv_file(tmp_path, "e-1,c-1,never,1,x"), id_column="id")
    kept = json.loads(bytes(Quarantined.objects.get().body))
    assert (kept["id"], kept["time"], kept["data"]) == ("e-1", "never", {"tokens": "1", "model": "x"})


@pytest.mark.parametrize(
    "options, message",
    [
        ({"subject_column": "customer"}, "no column 'customer'; its columns are: id, who, at, tokens, model"),
        ({"time_column": "time"}, "no column 'time'"),
        ({"id_column": "key"}, "no column 'key'"),
        ({"data_columns": "tokens,price"}, "no column 'price'"),
        ({"time_zone": "Mars/Olympus"}, "--time-zone"),
        ({"type": ""}, "--type"),
        ({"source": "x" * 301}, "--source"),
    ],
    ids=repr,
)
def test_wrong_usage_is_told_before_anything_is_taken(
    fresh_books: Tenant, tmp_path: Path, options: dict[str, str], message: str
) -> None:
    done = Done(fresh_books, csv_file(tmp_path, *trace([1])), **options)
    assert (done.code, message in done.err) == (2, True)
    assert not Import.objects.exists()


def test_a_file_that_cannot_be_read_is_named(fresh_books: Tenant, tmp_path: Path) -> None:
    assert Done(fresh_books, tmp_path / "missing.csv").code == 2
    assert Done(fresh_books, tmp_path).code == 2
    (tmp_path / "empty.csv").touch()
    assert Done(fresh_books, tmp_path / "empty.csv").code == 1


def test_a_file_that_was_cut_and_comes_again_whole(books: Tenant, tmp_path: Path) -> None:
    path = csv_file(tmp_path, *trace(range(100)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    cut = Done(books, path, id_column="id").counts
    path.write_bytes(whole)
    done = Done(books, path, id_column="id", resume=True)
    assert done.counts["accepted"] + cut["accepted"] == 100 == Event.objects.count()


def test_two_imports_of_one_file_do_not_disturb_each_other(books: Tenant, tmp_path: Path) -> None:
    """Whoever finds that the other went ahead stops; nothing is skipped."""
    path = csv_file(tmp_path, *trace(range(10)))
    record = Import.objects.create(
        file_name="x", file_digest=run.digest_of(path), options_digest="0" * 64, started_at=books.created_at
    )
    Import.objects.filter(pk=record.pk).update(rows_done=4)
    reading = Reading(id_column="id", data_columns=None, time_zone=None, **COLUMNS)
    with path.open("rb") as file:
        rows = csv_rows(file)[1]
        with pytest.raises(run.ImportRaced):
            run.take_in(record, rows, reading, actor=TESTER, watch=lambda *_: None)
    assert not Event.objects.exists()


def test_an_import_that_was_killed_is_taken_up_where_it_stopped(books: Tenant, tmp_path: Path) -> None:
    """With kill -9 in the middle: the books are those of an undisturbed import."""
    path = csv_file(tmp_path, *trace(range(20_000)))
    named = {name.replace("_", "-"): value for name, value in {**COLUMNS, "id_column": "id"}.items()}
    options = [part for name, value in named.items() for part in (f"--{name}", value)]
    command = [sys.executable, "manage.py", "import_events", str(path), "--tenant", books.key, *options]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not Import.objects.filter(rows_done__gte=4_000).exists():
        time.sleep(0.01)
    process.kill()
    process.wait()
    stopped = Import.objects.get()
    assert 4_000 <= stopped.rows_done < 20_000
    assert stopped.finished_at is None
    assert Event.objects.count() == stopped.rows_done, "each chunk whole or not at all"

    resumed = subprocess.run([*command, "--resume", "--json"], cwd=settings.BASE_DIR, capture_output=True, check=True)
    assert json.loads(resumed.stdout) == {
        "rows": 20_000,
        "accepted": 20_000,
        "duplicate": 0,
        "conflict": 0,
        "rejected": 0,
        "blocked": 0,
    }
    assert (Import.objects.count(), Event.objects.count()) == (1, 20_000)
