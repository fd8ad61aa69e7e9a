"""Which event it is, and whether it says the same as another of that identity."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b, sha256
from uuid import UUID

import msgspec

from core.ids import canonical_name
from metering.cloudevents import Envelope

#: MariaDB's uuid refuses what RFC 9562 doesn't know: version and variant are set, 122 bits are the hash's.
_VERSION_8 = 0x8 << 76 | 0b10 << 62
_HASH_BITS = (1 << 128) - 1 ^ (0xF << 76 | 0b11 << 62)
_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number")


def event_key(tenant_id: UUID, source: str, id: str) -> UUID:
    """The identity of an event: a UUIDv8 from the BLAKE2b of tenant, source and id, each length-prefixed."""
    digest = blake2b(_tenants_name(tenant_id) + canonical_name(source, id), digest_size=16).digest()
    return UUID(int=int.from_bytes(digest, "big") & _HASH_BITS | _VERSION_8)


@lru_cache(maxsize=1024)
def _tenants_name(tenant_id: UUID) -> bytes:
    """What the names of a tenant's events begin with."""
    return canonical_name(tenant_id)


def content_digest(envelope: Envelope) -> bytes:
    """SHA-256 of what the event says: type, subject, instant, data and extensions as canonical JSON."""
    content = {
        "type": envelope.type,
        "subject": envelope.subject,
        "time": envelope.time,
        "data": envelope.data,
        "extensions": envelope.extensions,
    }
    return sha256(_canonical.encode(content)).digest()
