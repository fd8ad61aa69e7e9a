"""JSON as it must be where money hangs on it: exact numbers, no duplicate keys, no text that a database refuses.

The quick decoder takes the last of duplicate keys and loses the sign of `-0`. Counting quotes proves that
nothing was lost; where the proof fails, the precise decoder reads the text again and names what is wrong.
"""

from __future__ import annotations

import json
import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, DecimalException, Inexact, InvalidOperation
from typing import Any

import msgspec

from core.errors import Refusal

MAX_DEPTH = 64
#: Whole numbers up to here are ints; larger ones keep their exponent (1e400000000 would have as many digits).
_LONGEST_WHOLE = 4000
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, Inexact])
_NEGATIVE_ZERO = re.compile(rb"-0[ \t\r\n,\]}]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UnreadableJson(Refusal):
    """The text isn't JSON."""

    code = "invalid_json"


class DuplicateKey(UnreadableJson):
    """An object names a key twice, and readers disagree about which of them counts."""

    code = "duplicate_key"


class TooDeep(UnreadableJson):
    """Arrays and objects are nested too deep."""

    code = "too_deep"


class UnstorableText(UnreadableJson):
    """A string holds U+0000 or half of a surrogate pair."""

    code = "invalid_text"


def decode(raw: bytes) -> Any:
    """The value: dict, list, str, bool, None, int for whole numbers, Decimal for others. Raises UnreadableJson."""
    if b"\\" in raw or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH or _NEGATIVE_ZERO.search(raw):
        return _decode_precisely(raw)
    try:
        value = _quick.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _decode_precisely(raw)
    return value if raw.count(b'"') == 2 * _strings(value) else _decode_precisely(raw)


def _strings(value: Any) -> int:
    """How many strings a value holds, keys included."""
    kind = value.__class__
    if kind is dict:
        count, inside = len(value), value.values()
    elif kind is list:
        count, inside = 0, value
    else:
        return 1 if kind is str else 0
    for inner in inside:
        kind = inner.__class__
        if kind is str:
            count += 1
        elif kind is dict or kind is list:
            count += _strings(inner)
    return count


def _decode_precisely(raw: bytes) -> Any:
    try:
        value = _precise.decode(raw.decode())
    except UnicodeDecodeError as error:
        raise UnreadableJson(f"byte {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise TooDeep(f"is nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:
        raise UnreadableJson(f"is not JSON: {_reason(error)}") from error
    _check(value, path="", depth=0)
    return value


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (character {error.pos})"
    return "a number is too long"


def _check(value: Any, *, path: str, depth: int) -> None:
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise UnstorableText("holds U+0000 or half of a surrogate pair", field=path[:300] or None)
    if not isinstance(value, dict | list):
        return
    if depth >= MAX_DEPTH:
        raise TooDeep(f"is nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check(name, path=path, depth=depth)
            _check(inner, path=f"{path}.{name}" if path else name, depth=depth + 1)
    else:
        for i, inner in enumerate(value):
            _check(inner, path=f"{path}[{i}]", depth=depth + 1)


def _number(text: str) -> int | Decimal:
    """Equal numbers become equal values: 1.0, 1e0 and 1 are all the int 1. A negative zero stays one."""
    try:
        value = _EXACT.create_decimal(text).normalize(_EXACT)
    except DecimalException as error:
        raise UnreadableJson("a number is out of any range") from error
    whole = value == value.to_integral_value() if abs(value.adjusted()) <= _LONGEST_WHOLE else False
    negative_zero = not value and value.is_signed()
    return int(value) if whole and not negative_zero else value


def _whole(text: str) -> int | Decimal:
    return Decimal(text) if text == "-0" else int(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DuplicateKey(f"the key {twice[:60]!a} occurs twice")
    return found


def _refuse_constant(text: str) -> Any:
    raise UnreadableJson(f"is not JSON: {text}")


_quick = msgspec.json.Decoder(float_hook=_number)
_precise = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_number, parse_int=_whole, parse_constant=_refuse_constant
)
