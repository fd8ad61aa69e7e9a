"""Names as bytes, and ids that are a function of a name and still in time order.

A derived id is a UUIDv8 (RFC 9562 §5.8): 48 bits of milliseconds of the thing's effective time,
the rest from the SHA-256 of its name (interfaces §5).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_8 = 0x8 << 76
_VARIANT = 0b10 << 62
_MILLISECONDS = (1 << 48) - 1


def canonical_name(*parts: object) -> bytes:
    """The parts, each prefixed by its length in bytes, so that no two lists of parts share a name; None is not ''."""
    return b"".join([_framed(part) for part in parts])


def _framed(part: object) -> bytes:
    if part is None:
        return b"-:"
    text = str(part).encode()
    return b"%d:%b" % (len(text), text)


def derived_id(at: datetime, *parts: object) -> UUID:
    """The UUIDv8 of a name: the same for the same instant and parts, ordered by the instant."""
    milliseconds = max(0, (at - _EPOCH) // timedelta(milliseconds=1)) & _MILLISECONDS
    digest = int.from_bytes(sha256(canonical_name(*parts)).digest()[:10], "big")
    high, low = digest >> 68, digest & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | _VERSION_8 | (high << 64) | _VARIANT | low)
