from __future__ import annotations

import io
from typing import Any

import pytest

from core.errors import Refusal
from metering.importing.lines import LONGEST_LINE
from metering.importing.rows import FileRefused, Row, csv_rows, jsonl_rows


def read_csv(text: bytes) -> list[Row]:
    return list(csv_rows(io.BytesIO(text))[1])


def told(rows: list[Row]) -> list[tuple[int, Any]]:
    return [(row.number, row.cells if row.refusal is None else row.refusal.code) for row in rows]


@pytest.mark.parametrize(
    "text, cells",
    [
        (b"a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        (b"\xef\xbb\xbfa,b\r\n1,2", [{"a": "1", "b": "2"}]),
        (b'a,b\n"x\ny","1,""2"""\n', [{"a": "x\ny", "b": '1,"2"'}]),
        (b"a,b\n\n1,\n\n ,\xc3\xa9\n", [{"a": "1", "b": ""}, {"a": " ", "b": "é"}]),
        (b"a,b\n", []),
    ],
)
def test_csv_as_rfc_4180_has_it(text: bytes, cells: list[dict[str, str]]) -> None:
    assert [row.cells for row in read_csv(text)] == cells


@pytest.mark.parametrize(
    "row, reason",
    [
        (b"1", "1 cells and the header 2"),
        (b"1,2,3", "3 cells and the header 2"),
        (b'1,"2"3', "expected"),
        (b"1,\xff", "UTF-8"),
        (b"1," + b"x" * 200_000, "limit"),
        (b"x" * (LONGEST_LINE + 50) + b",1", "l"),
        (b"1\r2,3", "new-line"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_row_that_cannot_be_read_spoils_no_other(row: bytes, reason: str) -> None:
    rows = read_csv(b"a,b\n1,2\n" + row + b"\n3,4\n")
    assert told(rows) == [(1, {"a": "1", "b": "2"}), (2, "unreadable_row"), (3, {"a": "3", "b": "4"})]
    assert rows[1].refusal is not None
    assert reason in rows[1].refusal.detail


def test_a_file_that_is_cut_within_quotes_ends_with_a_refused_row() -> None:
    assert told(read_csv(b'a,b\n1,2\n3,"4')) == [(1, {"a": "1", "b": "2"}), (2, "unreadable_row")]


@pytest.mark.parametrize(
    ("end", "open_ended"),
    [
        (b"", True),
        (b"\n", False),
        (b"\r\n", False),
        (b"\n3,", True),
        (b'\n3,"4"', False),
        (b'\n3,"""4"""', False),
        (b'\n3,4"', True),
        (b"\n\n", False),
        (b"\n3", False),
    ],
)
def test_only_a_row_that_may_be_cut_is_open_ended(end: bytes, open_ended: bool) -> None:
    """Neither an end of line nor a closing quote says that it is whole; a row that is refused anyway is not meant."""
    rows = read_csv(b"a,b\n0,1\n1,10" + end)
    assert [row.open_ended for row in rows[:-1]] == [False] * (len(rows) - 1)
    assert rows[-1].open_ended is open_ended


@pytest.mark.parametrize("text", [b"", b"\n1,2\n", b"a,a\n", b"\xff\xfea\x00,b\x00\n", b'"a\n1,2'])
def test_a_file_without_a_usable_header_is_refused(text: bytes) -> None:
    with pytest.raises(FileRefused):
        csv_rows(io.BytesIO(text))


def test_jsonl_has_an_object_on_each_line() -> None:
    text = b'\xef\xbb\xbf{"a": 1.50, "b": [null]}\n\n[1]\r\n{"a": 1\n{"a": 1, "a": 2}\n{"a": "x"}'
    rows = list(jsonl_rows(io.BytesIO(text)))
    assert [(row.number, row.refusal and row.refusal.code) for row in rows] == [
        *((1, None), (2, "unreadable_row"), (3, "invalid_json"), (4, "duplicate_key"), (5, None))
    ]
    assert rows[0].cells["b"] == [None]


def test_a_line_without_end_takes_no_memory() -> None:
    text = b'{"a": 1}\n"' + b"x" * (3 * LONGEST_LINE) + b'"\n{"a": 2}\n'
    rows = list(jsonl_rows(io.BytesIO(text)))
    assert [isinstance(row.refusal, Refusal) for row in rows] == [False, True, False]
    assert max(len(row.raw) for row in rows) <= LONGEST_LINE
