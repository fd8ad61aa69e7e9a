"""Events as they arrive: readable ones as envelopes, the others with the reason."""

from __future__ import annotations

import msgspec

from core.errors import Refusal
from metering import cloudevents
from metering.cloudevents import Envelope


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """One event that was sent: an envelope, or why it isn't one; `raw` is what was sent."""

    raw: bytes
    envelope: Envelope | None = None
    refusal: Refusal | None = None


def read(raw: bytes) -> Incoming:
    """The event of a JSON text; never raises for what it says."""
    try:
        return Incoming(raw=raw, envelope=cloudevents.read(raw))
    except Refusal as refusal:
        return Incoming(raw=raw, refusal=refusal)
