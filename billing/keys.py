"""Charge keys: one name for each thing that can be owed, in canonical form, with its id (billing rules §1)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from core.ids import canonical_name, derived_id

#: (name, value) in the meter's own order; an absent value is None, which is not "".
Dimensions = tuple[tuple[str, str | None], ...]


class Kind(StrEnum):
    """What is owed under a key."""

    USAGE = "usage"
    FEE = "fee"


class ChargeKey(msgspec.Struct, frozen=True, kw_only=True):
    """Names one thing that can be owed; its amount may change, its name never does."""

    subscription_id: UUID
    #: What it is owed under: the price.
    owed_under: UUID
    #: The price that it acts on, where that is another one: a discount's, a minimum's.
    acts_on: UUID | None = None
    period_start: datetime
    segment_start: datetime
    dimensions: Dimensions = ()
    kind: Kind


def key_id(tenant_id: UUID, key: ChargeKey) -> UUID:
    """The id of the key: a function of its name, in the order of its period's start (interfaces §5)."""
    return derived_id(
        key.period_start,
        "charge key",
        tenant_id,
        key.subscription_id,
        key.owed_under,
        key.acts_on,
        key.period_start.isoformat(),
        key.segment_start.isoformat(),
        dimensions_name(key.dimensions),
        key.kind,
    )


def charge_id(tenant_id: UUID, identity: UUID, period_start: datetime, n: int) -> UUID:
    """The id of the n-th transfer under a key, n being dense from 0."""
    return derived_id(period_start, "charge", tenant_id, identity, n)


def dimensions_name(dimensions: Dimensions) -> str:
    """Canonical and length-prefixed: no two lists of dimensions share a name, and absent is not empty."""
    return b"".join(canonical_name(name, value) for name, value in dimensions).decode()
