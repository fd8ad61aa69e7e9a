"""A file's lines, however long they are, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

#: No honest row is longer.
LONGEST_LINE = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(msgspec.Struct, frozen=True):
    """The bytes of a line with its end; of one that is too long only its beginning."""

    raw: bytes
    too_long: bool = False


def lines(file: BinaryIO) -> Iterator[Line]:
    """The lines of a file that is opened at its start, without its byte order mark."""
    first = True
    while raw := file.readline(LONGEST_LINE):
        text = raw.removeprefix(_BYTE_ORDER_MARK) if first else raw
        first = False
        too_long = len(raw) == LONGEST_LINE and not raw.endswith(b"\n")
        if too_long:
            _skip_line(file)
        yield Line(text, too_long)


def _skip_line(file: BinaryIO) -> None:
    while rest := file.readline(LONGEST_LINE):
        if rest.endswith(b"\n"):
            return
