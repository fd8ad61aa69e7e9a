"""The rows of a CSV or JSONL file, each with its number; what can't be read is a row with the reason."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from core.errors import Refusal
from metering.importing.lines import LONGEST_LINE, Line, lines
from metering.jsontext import decode


class FileRefused(Refusal):
    """The file as a whole isn't one that we can read."""

    code = "unreadable_file"


class RowRefused(Refusal):
    """A row isn't a row of this file: cut off, badly quoted, of another width or another encoding."""

    code = "unreadable_row"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row: its number from 1, without header and empty lines, and its cells by column, or why it has none.

    `open_ended`: the file ends within it, as far as anybody can tell: its last cell may be cut.
    """

    number: int
    raw: bytes
    cells: dict[str, Any] = {}
    refusal: Refusal | None = None
    open_ended: bool = False


def csv_rows(file: BinaryIO) -> tuple[list[str], Iterator[Row]]:
    """(column names, the rows below them) of RFC 4180 text in UTF-8. Raises FileRefused for an unusable header."""
    feed = _Feed(lines(file))
    reader = csv.reader(feed, strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise FileRefused(f"the header can't be read: {error}") from error
    if not any(header):
        raise FileRefused("the file has no header")
    if any(_undecodable(name) for name in header):
        raise FileRefused("the header is not UTF-8")
    if twice := [name for name in header if header.count(name) > 1]:
        raise FileRefused(f"the header names the column {twice[0]!r} twice")
    feed.take()
    return header, _csv_rows(reader, feed, header)


def jsonl_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of a file that has one JSON object on each line."""
    number = 0
    for line in lines(file):
        if line.raw.strip():
            number += 1
            yield _json_row(number, line)


def _csv_rows(reader: Iterator[list[str]], feed: _Feed, header: list[str]) -> Iterator[Row]:
    number = 0
    while True:
        cells, refusal = _next_cells(reader)
        raw, too_long = feed.take()
        if cells is None and refusal is None:
            return
        if cells or refusal:
            number += 1
            refusal = refusal or _width_refusal(cells or [], header, too_long=too_long)
            named = {} if refusal else dict(zip(header, cells or [], strict=True))
            yield Row(
                number=number,
                raw=raw,
                cells=named,
                refusal=refusal,
                open_ended=bool(named) and _is_open_ended(raw, (cells or [""])[-1]),
            )


def _is_open_ended(raw: bytes, last: str) -> bool:
    """Whether nothing says that the row is whole: neither an end of line nor a closing quote.

    RFC 4180 §2.2 lets a last row do without, so it is taken; a file cut within a number looks the same.
    """
    quoted = '"' + last.replace('"', '""') + '"'
    return not raw.endswith((b"\n", b"\r", quoted.encode("utf-8", "surrogateescape")))


def _next_cells(reader: Iterator[list[str]]) -> tuple[list[str] | None, Refusal | None]:
    try:
        return next(reader, None), None
    except csv.Error as error:
        return None, RowRefused(f"the row can't be read: {error}")


def _width_refusal(cells: list[str], header: list[str], *, too_long: bool) -> Refusal | None:
    if too_long:
        return RowRefused(f"the row is longer than {LONGEST_LINE} bytes")
    if len(cells) != len(header):
        return RowRefused(f"the row has {len(cells)} cells and the header {len(header)}")
    for name, cell in zip(header, cells, strict=True):
        if _undecodable(cell):
            return RowRefused("the cell is not UTF-8", field=name)
    return None


def _json_row(number: int, line: Line) -> Row:
    if line.too_long:
        return Row(number=number, raw=line.raw, refusal=RowRefused(f"the line is longer than {LONGEST_LINE} bytes"))
    try:
        cells = decode(line.raw)
    except Refusal as refusal:
        return Row(number=number, raw=line.raw, refusal=refusal)
    if not isinstance(cells, dict):
        return Row(number=number, raw=line.raw, refusal=RowRefused("the line is not a JSON object"))
    return Row(number=number, raw=line.raw, cells=cells)


def _undecodable(cell: str) -> bool:
    return not cell.isascii() and any("\udc80" <= character <= "\udcff" for character in cell)


class _Feed:
    """Lines as csv.reader wants them; remembers those that it took for one row."""

    def __init__(self, source: Iterable[Line]) -> None:
        self._source = iter(source)
        self._taken: list[Line] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self._taken.append(line)
        return line.raw.decode("utf-8", "surrogateescape")

    def take(self) -> tuple[bytes, bool]:
        """(the bytes of the lines since the last call, whether one of them was too long)."""
        taken, self._taken = self._taken, []
        return b"".join(line.raw for line in taken), any(line.too_long for line in taken)
