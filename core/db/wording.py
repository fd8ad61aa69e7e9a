"""Whether a catalogue says what a statement of ours said.

It tells what it was told in its own words: with casts, quotes, parentheses and spaces, PostgreSQL also without BETWEEN
and IN.
"""

from __future__ import annotations

import re
from collections import deque

_BETWEEN = re.compile(r"(\w+) BETWEEN ('[^']*'|\S+) AND ('[^']*'|[^\s)]+)")
_IN = re.compile(r" IN (\([^)]*\))")
# Of several words: `timestamp with time zone`. What is not of a type's name is in capitals there.
_CAST = re.compile(r"::[a-z]+(?: [a-z]+)*")
_UUID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})")
_DRESS = re.compile(r"[\[\]\"`]|public\.")
_NUMBER = re.compile(r"'-?\d+'")
_PART = re.compile(r"'[^']*'|\w+|[()]|[^\w()']+|'")

#: Alternatives of which one must hold, each of parts that must all hold.
_Alternatives = list[list[str]]


def alike(told: str, meant: str) -> bool:
    """Whether both are the same, however they are dressed. How sums and other arithmetic group is not compared."""
    return _bare(told) == _bare(meant)


def _bare(statement: str) -> str:
    expanded = _BETWEEN.sub(r"(\1 >= \2 AND \1 <= \3)", statement)
    expanded = _IN.sub(r" = ANY (ARRAY\1)", expanded)
    undressed = _DRESS.sub("", _UUID.sub(r"\1\2\3\4\5", _CAST.sub("", expanded)))
    parts = deque(_part(part) for part in _PART.findall(undressed) if not part.isspace())
    return _shown(_either(parts)) + "".join(parts)  # none are left where parentheses match


def _part(part: str) -> str:
    """A word or sign in one spelling; a literal as it is, but for numbers' quotes."""
    if part.startswith("'"):
        return part.strip("'") if _NUMBER.fullmatch(part) else part
    return re.sub(r"\s", "", part.lower())


def _either(parts: deque[str]) -> _Alternatives:
    alternatives = _all(parts)
    while parts and parts[0] == "or":
        parts.popleft()
        alternatives = [*alternatives, *_all(parts)]
    return alternatives


def _all(parts: deque[str]) -> _Alternatives:
    several = [_one(parts)]
    while parts and parts[0] == "and":
        parts.popleft()
        several.append(_one(parts))
    if len(several) == 1:
        return several[0]
    return [[part for one in several for part in (one[0] if len(one) == 1 else [_shown(one)])]]


def _one(parts: deque[str]) -> _Alternatives:
    """What stands between AND and OR: text, and what is in parentheses."""
    if parts and parts[0] == "not":
        parts.popleft()
        return [[f"not {_shown(_one(parts))}"]]
    inside = []
    while parts and parts[0] not in {"and", "or", ")"}:
        inside.append(_group(parts) if parts[0] == "(" else [[parts.popleft()]])
    return inside[0] if len(inside) == 1 else [["".join(map(_shown, inside))]]


def _group(parts: deque[str]) -> _Alternatives:
    parts.popleft()
    alternatives = _either(parts)
    if parts:
        parts.popleft()
    return alternatives


def _shown(alternatives: _Alternatives) -> str:
    text = " or ".join(" and ".join(one) for one in alternatives)
    return text if len(alternatives) == len(alternatives[0]) == 1 else f"({text})"
