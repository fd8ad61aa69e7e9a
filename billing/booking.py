"""The difference, key by key: due minus booked, over the union of both (billing rules §1.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from billing.due import DueLine
from billing.keys import ChargeKey, key_id


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """What the books say of one key: `n` transfers that come to `amount` pico-units, and the last one's evidence."""

    id: UUID
    key: ChargeKey
    currency: str
    payer_id: UUID
    in_advance: bool
    n: int
    amount: int
    due_from: datetime
    service_start: datetime
    service_end: datetime
    late_count: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be posted under a key: `amount` is not zero; `line` is None where nothing is due any more."""

    id: UUID
    key: ChargeKey
    amount: int
    n: int
    line: DueLine | None
    booked: Booked | None


def differences(tenant_id: UUID, lines: Iterable[DueLine], booked: Mapping[UUID, Booked]) -> list[Difference]:
    """In the order of the keys' service periods; a key absent on one side is zero there."""
    due = {key_id(tenant_id, line.key): line for line in lines}
    found = [
        Difference(
            id=identity,
            key=line.key,
            amount=line.amount - (booked[identity].amount if identity in booked else 0),
            n=booked[identity].n if identity in booked else 0,
            line=line,
            booked=booked.get(identity),
        )
        for identity, line in due.items()
    ]
    found += [
        Difference(id=identity, key=known.key, amount=-known.amount, n=known.n, line=None, booked=known)
        for identity, known in booked.items()
        if identity not in due
    ]
    return sorted((one for one in found if one.amount), key=lambda one: one.id)
