"""Whether PostgreSQL's catalogue says what a statement of ours said.

It tells what it was told in its own words: with casts, quotes, parentheses and spaces, and without BETWEEN and IN.
"""

from __future__ import annotations

import re

_BETWEEN = re.compile(r"(\w+) BETWEEN ('[^']*'|\S+) AND ('[^']*'|[^\s)]+)")
_IN = re.compile(r" IN (\([^)]*\))")
# Of several words: `timestamp with time zone`. What is not of a type's name is in capitals there.
_CAST = re.compile(r"::[a-z]+(?: [a-z]+)*")
_UUID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})")
_DRESS = re.compile(r"[\s()\[\]'\"`]|public\.")


def alike(told: str, meant: str) -> bool:
    """Whether both are the same, however they are dressed. How parentheses group is not compared."""
    return _bare(told) == _bare(meant)


def _bare(statement: str) -> str:
    expanded = _BETWEEN.sub(r"\1 >= \2 AND \1 <= \3", statement)
    expanded = _IN.sub(r" = ANY (ARRAY\1)", expanded)
    return _DRESS.sub("", _UUID.sub(r"\1\2\3\4\5", _CAST.sub("", expanded))).lower()
