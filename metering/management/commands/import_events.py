"""bin/manage import_events: usage from a CSV or JSONL file of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandParser

from core.commands import COMMAND, TenantCommand
from core.display import progress
from core.errors import Refusal
from core.models import Tenant
from core.period import zone_named
from metering import cloudevents
from metering.cloudevents import MissingOffset
from metering.importing import run
from metering.importing.reading import Reading
from metering.importing.rows import Row, csv_rows, jsonl_rows
from metering.models import Import
from metering.receipts import Outcome, Result

_SHOWN = 20
_JSON_SUFFIXES = {".jsonl", ".ndjson", ".json"}


class Command(TenantCommand):
    help = "Imports usage events from a CSV or JSONL file, one event a row; importing it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV with a header; .jsonl: an object a line")
        parser.add_argument("--type", required=True, help="the events' CloudEvents type")
        parser.add_argument("--source", required=True, help="the events' CloudEvents source")
        parser.add_argument("--subject-column", required=True, metavar="C", help="whom the row concerns")
        parser.add_argument("--time-column", required=True, metavar="C", help="when it happened")
        parser.add_argument("--id-column", metavar="C", help="default: the file's digest and the row number")
        parser.add_argument("--data-columns", metavar="a,b,c", help="default: all others")
        parser.add_argument("--time-zone", metavar="Z", help="zone of times without an offset, such as Europe/Berlin")
        parser.add_argument("--resume", action="store_true", help="go on after the last chunk that was taken in")
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON value")

    def run(self, tenant: Tenant, **options: Any) -> None:
        path, reading = options["file"], self._reading(options)
        try:
            digest, file = run.digest_of(path), path.open("rb")
        except OSError as error:
            self.misuse(f"{path} can't be read: {error.strerror}")
        with file:
            if reading.id_column is None:
                self.say(
                    "rows are named by this very file: all rows of a longer or corrected copy of it are new events"
                )
            rows = self._rows(path, file, reading)
            record = run.begin(
                file_name=path.name, digest=digest, reading=reading, resume=options["resume"], actor=COMMAND
            )
            self._take_in(record, rows, reading, file)
        self._tell(record, as_json=options["json"])
        if record.rejected or record.conflict or record.blocked:
            self.refuse(f"rows not taken: {record.rejected + record.conflict + record.blocked}; see the quarantine")

    def _reading(self, options: dict[str, Any]) -> Reading:
        zone = options["time_zone"]
        with self._naming_option():
            cloudevents.check_text(options["type"], field="type")
            cloudevents.check_text(options["source"], field="source")
            if zone is not None:
                zone_named(zone, field="time-zone")
        columns = options["data_columns"]
        return Reading(
            type=options["type"],
            source=options["source"],
            subject_column=options["subject_column"],
            time_column=options["time_column"],
            id_column=options["id_column"],
            data_columns=None if columns is None else tuple(name.strip() for name in columns.split(",")),
            time_zone=zone,
        )

    @contextmanager
    def _naming_option(self) -> Iterator[None]:
        """An option that can't be used is wrong usage."""
        try:
            yield
        except Refusal as refusal:
            self.misuse(f"--{refusal.field}: {refusal.detail}")

    def _rows(self, path: Path, file: BinaryIO, reading: Reading) -> Iterator[Row]:
        if path.suffix.lower() in _JSON_SUFFIXES:
            return jsonl_rows(file)
        columns, rows = csv_rows(file)
        if missing := reading.missing_from(columns):
            self.misuse(f"{path} has no column {missing[0]!r}; its columns are: {', '.join(columns)}")
        return rows

    def _take_in(self, record: Import, rows: Iterable[Row], reading: Reading, file: BinaryIO) -> None:
        refused: list[str] = []
        open_ended: list[Row] = []
        size = Path(file.name).stat().st_size
        with progress(self.progress_stream) as bar:
            task = bar.add_task(record.file_name, total=size)

            def watch(chunk: Sequence[Row], results: Sequence[Result]) -> None:
                open_ended.extend(row for row in chunk if row.open_ended)
                bar.update(task, completed=file.tell())
                refused.extend(
                    _sentence(chunk[result.index], result, reading)
                    for result in results
                    if result.quarantined and len(refused) < _SHOWN
                )

            run.take_in(record, rows, reading, actor=COMMAND, watch=watch)
        for line in refused:
            self.say(line)
        for row in open_ended:
            self.say(_doubt(row))
        if (rest := record.rejected + record.conflict - len(refused)) > 0:
            self.say(f"… and {rest} more; all of them are in the quarantine")

    def _tell(self, record: Import, *, as_json: bool) -> None:
        counts = {"rows": record.rows_done, **{outcome.value: getattr(record, outcome.value) for outcome in Outcome}}
        if as_json:
            self.result_json(counts)
            return
        for name, count in counts.items():
            self.stdout.write(f"{name:<9} {count:>12}")


def _sentence(row: Row, result: Result, reading: Reading) -> str:
    """Such as "row 17: tokens: 'NaN' is not a number"."""
    column = reading.column_of(result.field)
    detail = f"{result.detail}: name one by --time-zone" if result.code == MissingOffset.code else result.detail
    return f"row {row.number}: {column}: {detail}" if column else f"row {row.number}: {detail}"


def _doubt(row: Row) -> str:
    """What to look at where a file may be cut within its last cell."""
    column, cell = list(row.cells.items())[-1]
    return (
        f"row {row.number}: {column}: the file ends after {cell[-40:]!a} without an end of line: "
        "if it was cut there, the value is wrong, and the event is to be voided"
    )
