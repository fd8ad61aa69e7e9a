"""YAML without guessed types: scalars stay texts, and it is kept whether they were quoted. No Django."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from core.errors import InvalidValue

_LARGEST = 50 * 1024 * 1024
_DEEPEST = 50
_NUMBER = re.compile(
    r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan)", re.ASCII | re.IGNORECASE
)
#: How a scalar may be quoted; a plain one has the style None, or '' from libyaml.
_QUOTED = frozenset({"'", '"', "|", ">"})
_NULL = frozenset({"", "~", "null"})
_FLAGS = {"true": True, "false": False}


class BookUnreadable(InvalidValue):
    """Not a book file at all."""

    code = "book_unreadable"


class DuplicateKey(BookUnreadable):
    code = "duplicate_key"


class Plain(str):
    """A scalar that stood without quotes: a word, a day, a flag, or a number that should have been quoted."""

    __slots__ = ()

    @property
    def is_number(self) -> bool:
        return _NUMBER.fullmatch(self) is not None


def read(content: bytes) -> Any:
    """Mappings, lists, str (quoted) and Plain (not). Raises BookUnreadable or DuplicateKey by line or path."""
    if len(content) > _LARGEST:
        raise BookUnreadable(f"the file has {len(content)} bytes; {_LARGEST} are the most")
    try:
        text = content.decode("utf-8-sig")
        # Event by event: a tree of nodes would be as deep as the file says, and as large as its aliases make it.
        return _document(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except UnicodeDecodeError as error:
        raise BookUnreadable(f"byte {error.start} is not UTF-8") from error
    except yaml.YAMLError as error:
        raise BookUnreadable(f"not YAML: {_one_line(error)}") from error


def _document(events: Iterator[yaml.Event]) -> Any:
    next(events)
    if isinstance(next(events), yaml.StreamEndEvent):
        raise BookUnreadable("the file is empty")
    value = _value(next(events), events, "", depth=0)
    next(events)
    if not isinstance(again := next(events), yaml.StreamEndEvent):
        raise BookUnreadable(f"a second document begins in line {_line(again)}")
    return value


def _value(event: yaml.Event, events: Iterator[yaml.Event], path: str, *, depth: int) -> Any:
    """The value that begins with the event."""
    _require_plain_words(event, path)
    if depth > _DEEPEST:
        raise BookUnreadable(f"is nested deeper than {_DEEPEST}", field=path)
    if isinstance(event, yaml.ScalarEvent):
        return str(event.value) if event.style in _QUOTED else Plain(event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        inside = iter(lambda: _unless_end(next(events)), None)
        return [_value(item, events, f"{path}[{i}]", depth=depth + 1) for i, item in enumerate(inside)]
    return _mapping(events, path, depth)


def _mapping(events: Iterator[yaml.Event], path: str, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while (event := _unless_end(next(events))) is not None:
        _require_plain_words(event, path)
        if not isinstance(event, yaml.ScalarEvent):
            raise BookUnreadable(f"a key is a text; line {_line(event)}", field=path)
        key = str(event.value)
        place = f"{path}.{key}" if path else key
        if key in found:
            raise DuplicateKey(f"stands twice, again in line {_line(event)}", field=place)
        found[key] = _value(next(events), events, place, depth=depth + 1)
    return found


def _require_plain_words(event: yaml.Event, path: str) -> None:
    """No aliases, of which a few can stand for billions of values; no tags, which nobody reads here; no U+0000."""
    if isinstance(event, yaml.AliasEvent):
        raise BookUnreadable(f"an alias: write it out; line {_line(event)}", field=path)
    if getattr(event, "tag", None) is not None:
        raise BookUnreadable(f"a tag: leave it out; line {_line(event)}", field=path)
    if isinstance(event, yaml.ScalarEvent) and "\x00" in event.value:
        raise BookUnreadable(f"holds U+0000, which no database keeps; line {_line(event)}", field=path)


def _unless_end(event: yaml.Event) -> yaml.Event | None:
    return None if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent) else event


def natural(value: Any) -> Any:
    """The value as JSON would have it: plain null and flags as such, all other scalars as texts."""
    if isinstance(value, dict):
        return {key: natural(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [natural(inner) for inner in value]
    if isinstance(value, Plain):
        if value.lower() in _NULL:
            return None
        return _FLAGS.get(value.lower(), str(value))
    return value


def is_null(value: Any) -> bool:
    return isinstance(value, Plain) and value.lower() in _NULL


def flag_of(value: Any) -> bool | None:
    """True or false where the scalar is a plain flag; None otherwise."""
    return _FLAGS.get(value.lower()) if isinstance(value, Plain) else None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return f"{problem}, line {mark.line + 1}" if mark else str(problem)
