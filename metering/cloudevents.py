"""Usage events as CloudEvents 1.0: reading and checking one envelope.

Beyond the specification we require `subject` (whom it concerns), `time` with an offset, and an object as `data`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from core.errors import Refusal
from metering.jsontext import decode

#: Characters of id, source, subject and type. They are compared byte by byte: case, Unicode form and
#: spaces at the end all count.
LONGEST = 300
_OURS = frozenset(
    ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "data_base64"]
)
_NAME = re.compile(r"[a-z0-9]+", re.ASCII)
#: What the type String excludes: control characters, surrogates, noncharacters.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
#: RFC 3339 §5.6: hours up to 23, minutes up to 59.
_OFFSET = re.compile(r"[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_JSON_TYPE = re.compile(r"[^/;\s]+/(json|[^/;\s]+\+json)\s*(;.*)?", re.ASCII | re.IGNORECASE)


class EnvelopeRefused(Refusal):
    """The envelope isn't one that we can take; the field says where."""

    code = "invalid_event"


class MissingAttribute(EnvelopeRefused):
    """A required attribute is absent, null or empty."""

    code = "missing_attribute"


class InvalidAttribute(EnvelopeRefused):
    """An attribute has the wrong type, or characters that no attribute may hold."""

    code = "invalid_attribute"


class AttributeTooLong(EnvelopeRefused):
    """An attribute has more characters than we keep."""

    code = "too_long"


class InvalidTime(EnvelopeRefused):
    """The time isn't an instant of RFC 3339."""

    code = "invalid_time"


class MissingOffset(InvalidTime):
    """The time doesn't say in which zone it is."""

    code = "missing_offset"


class UnsupportedData(EnvelopeRefused):
    """The data isn't a JSON object."""

    code = "unsupported_data"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One usage event. `time` is UTC, cut to microseconds; `raw` is the JSON text as received."""

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]
    extensions: dict[str, Any]
    raw: bytes


def read(raw: bytes) -> Envelope:
    """The event of a JSON text. Raises EnvelopeRefused or UnreadableJson; facts then hold source and id, if known."""
    document = decode(raw)
    if not isinstance(document, dict):
        raise EnvelopeRefused("expected a JSON object")
    try:
        return _envelope(document, raw)
    except Refusal as refusal:
        refusal.facts.update(source=_known(document.get("source")), id=_known(document.get("id")))
        raise


def instant(value: object, *, field: str = "time", zone: ZoneInfo | None = None) -> datetime:
    """The UTC instant of an RFC 3339 text; digits beyond microseconds are cut.

    A text without an offset is local time in `zone`; of two such instants the first is meant.
    Raises InvalidTime, or MissingOffset where there is neither.
    """
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InvalidTime(f"{_shown(value)} is not an instant such as 2026-01-31T12:00:00Z", field=field)
    day, clock, fraction, offset = match.groups()
    if offset is None and zone is None:
        raise MissingOffset(f"{_shown(value)} has no offset such as Z or +01:00", field=field)
    if offset and not _OFFSET.fullmatch(offset):
        raise InvalidTime(f"{_shown(value)} has an offset that does not exist, {offset}", field=field)
    try:
        read_time = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0').ljust(6, '0')}{(offset or '').upper()}")
        if read_time.tzinfo is UTC:
            return read_time
        utc = (read_time if offset else read_time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidTime(f"{_shown(value)} is not a time that exists ({error})", field=field) from error
    if not offset and utc.astimezone(zone).replace(tzinfo=None) != read_time:
        raise InvalidTime(f"{_shown(value)} does not exist in {zone}: clocks skip it", field=field)
    return utc


def check_text(value: object, *, field: str) -> str:
    """An attribute's text, as the type String of CloudEvents allows it, not empty and not too long."""
    if value.__class__ is str and 0 < len(value) <= LONGEST and value.isprintable():
        return value
    if value is None or value == "":
        raise MissingAttribute("is required and must not be empty", field=field)
    if not isinstance(value, str):
        raise InvalidAttribute(f"expected a string, not {_kind(value)}", field=field)
    if len(value) > LONGEST:
        raise AttributeTooLong(f"has {len(value)} characters; at most {LONGEST} fit", field=field)
    if not value.isprintable() and _FORBIDDEN.search(value):
        raise InvalidAttribute("holds a control character or half of a surrogate pair", field=field)
    return value


def _envelope(document: dict[str, Any], raw: bytes) -> Envelope:
    if (version := document.get("specversion")) != "1.0":
        raise InvalidAttribute(f"{_shown(version)} is not 1.0", field="specversion")
    get = document.get
    return Envelope(
        source=check_text(get("source"), field="source"),
        id=check_text(get("id"), field="id"),
        type=check_text(get("type"), field="type"),
        subject=check_text(get("subject"), field="subject"),
        time=_time(get("time")),
        data=_data(document),
        extensions=_extensions(document),
        raw=raw,
    )


def _time(value: object) -> datetime:
    if value is None:
        raise MissingAttribute("is required: without it we don't know what the event counts for", field="time")
    return instant(value)


def _data(document: dict[str, Any]) -> dict[str, Any]:
    _check_schema(document.get("dataschema"))
    content_type = document.get("datacontenttype")
    if content_type is not None and not (isinstance(content_type, str) and _JSON_TYPE.fullmatch(content_type)):
        raise UnsupportedData(f"{_shown(content_type)} is not a JSON media type", field="datacontenttype")
    if "data_base64" in document:
        raise UnsupportedData("binary data can't be metered: send an object as data", field="data_base64")
    data = document.get("data")
    if not isinstance(data, dict):
        raise UnsupportedData(f"expected an object, not {_kind(data)}", field="data")
    return data


def _check_schema(schema: object) -> None:
    if schema is not None:
        check_text(schema, field="dataschema")


def _extensions(document: dict[str, Any]) -> dict[str, Any]:
    """Extension attributes; null is unset."""
    found: dict[str, Any] = {}
    if document.keys() <= _OURS:
        return found
    for name in document.keys() - _OURS:
        if not _NAME.fullmatch(name):
            raise InvalidAttribute("an attribute's name has only a-z and 0-9", field=name[:60])
        if (value := document[name]) is not None:
            found[name] = _extension(value, name)
    return found


def _extension(value: object, name: str) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**31) <= value < 2**31:
            raise InvalidAttribute("an integer attribute has at most 32 bits", field=name[:60])
        return value
    if isinstance(value, str):
        if not value.isprintable() and _FORBIDDEN.search(value):
            raise InvalidAttribute("holds a control character or half of a surrogate pair", field=name[:60])
        return value
    raise InvalidAttribute(f"expected a string, an integer or a boolean, not {_kind(value)}", field=name[:60])


def _known(value: object) -> str | None:
    """As much of a source or id as may be shown and stored."""
    return value[:LONGEST] if isinstance(value, str) and not _FORBIDDEN.search(value) else None


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "nothing"}
    return names.get(type(value), "a number")


def _shown(value: object) -> str:
    text = ascii(value) if isinstance(value, str) else _kind(value)
    return text if len(text) <= 60 else text[:57] + "…'"
