"""The one form in which values enter digests, whichever database they came from, and the digests made of it.

A row's digest is SHA-256 over its values, each as text and prefixed by its length (`core.ids`); a part's is over the
digests of its rows, a seal's over its parts and the seal before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from core import canonical
from core.ids import canonical_name

#: What stands for the digest before the first seal.
NOTHING = "0" * 64
#: So many rows of a table at most make one part.
PART_ROWS = 50_000
#: How many bytes an id takes, by its kind.
_WIDTHS = {"uuid": 16, "integer": 8}
#: Of a row's digest so many bytes are kept to tell which row it was that changed.
_PREFIX = 4
#: A whole number of more digits, or with as many zeros at its end, may be written with an exponent.
_WHOLE_DIGITS = 100


class Part(msgspec.Struct, frozen=True):
    """Some rows of a table: what was looked at, and what came of it."""

    table: str
    columns: tuple[tuple[str, str], ...]
    after: int
    through: int
    rows: int
    digest: str
    leaves: bytes


class Leaf(msgspec.Struct, frozen=True):
    """A row as it was: enough to name it, and to see that it is another one now."""

    identity: bytes
    prefix: bytes


def seal_digest(*, tenant: str, number: int, previous: str, made_at: datetime, cut: int, parts: Iterable[Part]) -> str:
    """The digest of a seal, in hex."""
    facts = [tenant, number, previous, _instant(made_at), cut]
    return sha256(canonical_name(*facts) + b"".join(map(_covered, parts))).hexdigest()


def _covered(part: Part) -> bytes:
    columns = canonical.encode([list(pair) for pair in part.columns])
    return canonical_name(part.table, columns, part.after, part.through, part.rows, part.digest)


class Hashing:
    """Takes the rows of a part one by one; holds what it keeps of each, 20 bytes for most, and no row."""

    def __init__(self, table: str, columns: Sequence[tuple[str, str]], after: int) -> None:
        self.table, self.columns, self.after = table, tuple((name, kind) for name, kind in columns), after
        self.rows = 0
        self._forms = [FORMS[kind] for _, kind in self.columns]
        self._identity = _IDENTITIES[self.columns[0][1]]
        self._digests = sha256()
        self._leaves: list[bytes] = []

    def add(self, values: Sequence[Any]) -> None:
        """The next row: the values of its columns, of which the first is its id."""
        framed = []
        for form, value in zip(self._forms, values, strict=True):
            if value is None:
                framed.append(b"-:")
            else:
                text = form(value).encode()
                framed.append(b"%d:%b" % (len(text), text))
        digest = sha256(b"".join(framed)).digest()
        self._digests.update(digest)
        self._leaves.append(self._identity(values[0]) + digest[:_PREFIX])
        self.rows += 1

    def part(self, through: int) -> Part:
        """What came of it."""
        return Part(
            self.table,
            self.columns,
            self.after,
            through,
            self.rows,
            self._digests.hexdigest(),
            b"".join(self._leaves),
        )


def leaves_of(part: Part) -> list[Leaf] | None:
    """The leaves of its rows; None where what is kept can't be theirs."""
    width = _WIDTHS[part.columns[0][1]] + _PREFIX
    if len(part.leaves) != width * part.rows:
        return None
    several = (part.leaves[i : i + width] for i in range(0, len(part.leaves), width))
    return [Leaf(one[:-_PREFIX], one[-_PREFIX:]) for one in several]


def named(identity: bytes) -> str:
    """The id of a row, as people know it."""
    return (
        str(UUID(bytes=identity))
        if len(identity) == _WIDTHS["uuid"]
        else str(int.from_bytes(identity, "big", signed=True))
    )


def _uuid(value: Any) -> str:
    return value.hex if value.__class__ is UUID else str(value).replace("-", "").lower()


def _integer(value: Any) -> str:
    return str(int(value))


def _decimal(value: Any) -> str:
    number = Decimal(value)
    text = str(number)
    if text.isdigit() and len(text) <= _WHOLE_DIGITS:
        return text
    return _plain(number) if number.is_finite() else text


def _plain(number: Decimal) -> str:
    """As an integer where it is one, else its digits without zeros at their end, and their exponent."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    kept = text.rstrip("0")
    exponent += len(text) - len(kept)
    if not kept:
        return "0"
    scaled = kept + "0" * exponent if 0 <= exponent <= _WHOLE_DIGITS else f"{kept}e{exponent}"
    return f"-{scaled}" if sign else scaled


def _instant(value: datetime) -> str:
    if value.tzinfo is UTC:
        return value.isoformat(timespec="microseconds")[:-6]  # without +00:00
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _date(value: date) -> str:
    return value.isoformat()


def _boolean(value: Any) -> str:
    return "true" if value else "false"


def _bytes(value: Any) -> str:
    return bytes(value).hex()


def _json(value: str) -> str:
    """Canonical JSON (`core.canonical`); a number with a fraction or an exponent as `_plain` writes it."""
    parsed = json.loads(value, parse_float=Decimal, parse_int=_whole)
    try:
        return canonical.encode(parsed)
    except TypeError:
        return _written(parsed)


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _WHOLE_DIGITS else Decimal(text)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{canonical.encode(name)}:{_written(inner)}" for name, inner in sorted(value.items()))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return _plain(value) if isinstance(value, Decimal) else canonical.encode(value)


#: By kind: how a value other than NULL is written.
FORMS: Mapping[str, Callable[[Any], str]] = {
    "uuid": _uuid,
    "text": str,
    "integer": _integer,
    "decimal": _decimal,
    "instant": _instant,
    "date": _date,
    "boolean": _boolean,
    "bytes": _bytes,
    "json": _json,
}


def _uuid_identity(value: Any) -> bytes:
    return value.bytes if value.__class__ is UUID else bytes.fromhex(_uuid(value))


def _integer_identity(value: Any) -> bytes:
    return int(value).to_bytes(_WIDTHS["integer"], "big", signed=True)


_IDENTITIES: Mapping[str, Callable[[Any], bytes]] = {"uuid": _uuid_identity, "integer": _integer_identity}
