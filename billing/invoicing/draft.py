"""Unclaimed entries gathered into lines: one charge key, one line (billing rules §6.2). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from billing.keys import ChargeKey, Kind
from billing.rating.lines import Rated, combine, readable
from contracts.values import PriceFacts
from core.money import Rounding, round_to_minor
from core.period import Period


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A charge on no document yet, and what it adds to its key."""

    charge_id: UUID
    key_id: UUID
    n: int
    amount: int
    due_from: datetime
    service_start: datetime
    service_end: datetime
    #: The whole key after it.
    rated: Rated
    #: What it moved: the arithmetic of this charge alone.
    moved: Rated
    late: bool


class History(msgspec.Struct, frozen=True):
    """What earlier documents hold of a key: `claimed` exactly, `shown` rounded (voided ones not), in pico-units.

    `number` is the last document that still shows it; `service_end` is up to when service was claimed.
    """

    claimed: int = 0
    shown: int = 0
    number: str | None = None
    service_end: datetime | None = None


class KeyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A key with the names that a line shows."""

    key: ChargeKey
    customer_key: str
    customer_zone: str
    subscription_key: str
    price: PriceFacts


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    """One key on one document. `exact` is this document's part, `amount` what rounding the key so far adds."""

    key_id: UUID
    facts: KeyFacts
    charge_ids: tuple[UUID, ...]
    exact: int
    amount: int
    rated: Rated
    service_start: datetime
    service_end: datetime
    due_from: datetime
    late: bool
    corrects: str | None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What one payer owes in one currency, due by the cut-off and on no document yet."""

    payer_id: UUID
    currency: str
    cut_off_at: datetime
    lines: tuple[DraftLine, ...]

    @property
    def exact(self) -> int:
        return sum(line.exact for line in self.lines)

    @property
    def net(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def is_carried_forward(self) -> bool:
        """Whether all lines round to zero, or the total is negative (billing rules §6.2)."""
        return self.net < 0 or not any(line.amount for line in self.lines)


def gather(
    entries: Iterable[Entry],
    *,
    histories: Mapping[UUID, History],
    facts: Mapping[UUID, KeyFacts],
    digits: int,
    rounding: Rounding,
) -> tuple[DraftLine, ...]:
    """The lines, in fold order; `digits` are the currency's minor digits."""
    by_key: dict[UUID, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda one: one.n):
        by_key[entry.key_id].append(entry)
    lines = [
        _line(identity, several, histories.get(identity, History()), facts[identity], digits, rounding)
        for identity, several in by_key.items()
    ]
    return tuple(sorted(lines, key=_order))


def _line(
    identity: UUID, entries: list[Entry], history: History, facts: KeyFacts, digits: int, rounding: Rounding
) -> DraftLine:
    exact = sum(entry.amount for entry in entries)
    service = _service(entries, history, facts.key.kind)
    so_far = round_to_minor(history.claimed + exact, digits=digits, rounding=rounding)
    return DraftLine(
        key_id=identity,
        facts=facts,
        charge_ids=tuple(entry.charge_id for entry in entries),
        exact=exact,
        amount=so_far - history.shown,
        rated=readable(combine(entry.moved for entry in entries)),
        service_start=service.start,
        service_end=service.end,
        due_from=max(entry.due_from for entry in entries),
        late=any(entry.late for entry in entries),
        corrects=history.number,
    )


def _service(entries: list[Entry], history: History, kind: Kind) -> Period:
    """The time that the line is about: where its end moved since an earlier document, the time between the two ends.

    Usage that came late lies anywhere: such a line is about the whole of its time.
    """
    last = entries[-1]
    whole = Period(last.service_start, last.service_end)
    if history.number is None or history.service_end in (None, last.service_end):
        return whole
    if any(entry.late for entry in entries) or (kind is Kind.FEE and not last.rated.breakdown):
        return whole
    ends = sorted((last.service_end, history.service_end or last.service_end))
    return Period(ends[0], ends[1])


def _order(line: DraftLine) -> tuple[object, ...]:
    facts, key = line.facts, line.facts.key
    dimensions = tuple((name, value is not None, value or "") for name, value in key.dimensions)
    price = (facts.price.position, facts.price.plan_key, facts.price.key)
    place = (facts.customer_key, facts.subscription_key, price, dimensions, line.key_id)
    return (line.due_from, key.segment_start, *place)
