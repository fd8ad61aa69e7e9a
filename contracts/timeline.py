"""Each price's time within a period, cut only where its own terms change (billing rules §2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from uuid import UUID

import msgspec

from contracts.terms import end_of, terms_at
from contracts.values import Amendment, PriceFacts
from core.period import Period


class Segment(msgspec.Struct, frozen=True):
    """Constant terms of one price: `quantity` in pico-quantities, None where the price names none."""

    start: datetime
    end: datetime
    quantity: int | None

    @property
    def period(self) -> Period:
        return Period(self.start, self.end)


class PriceRun(msgspec.Struct, frozen=True):
    """One price over an unbroken stretch: its accumulation span within the period, and its segments."""

    price: PriceFacts
    segments: tuple[Segment, ...]

    @property
    def period(self) -> Period:
        return Period(self.segments[0].start, self.segments[-1].end)


def timeline(
    amendments: Sequence[Amendment], period: Period, prices: Mapping[UUID, Sequence[PriceFacts]]
) -> list[PriceRun]:
    """The runs of every price in `period`; `prices` gives those of each plan version.

    Equal neighbours are merged and empty ones dropped. A run ends where its price is replaced.
    """
    runs: dict[UUID, list[list[Segment]]] = {}
    known: dict[UUID, PriceFacts] = {}
    for start, end in _cuts(amendments, period):
        terms = terms_at(amendments, start)
        for price in prices[terms.plan_version] if terms else ():
            known[price.id] = price
            quantity = terms.quantities.get(price.quantity_name) if terms and price.quantity_name else None
            _extend(runs.setdefault(price.id, []), Segment(start, end, quantity))
    return [PriceRun(known[identity], tuple(run)) for identity, several in runs.items() for run in several]


def _cuts(amendments: Sequence[Amendment], period: Period) -> list[tuple[datetime, datetime]]:
    end = min(period.end, end_of(amendments))
    inside = {one.effective_at for one in amendments if period.start < one.effective_at < end}
    bounds = [period.start, *sorted(inside), end]
    return [(a, b) for a, b in pairwise(bounds) if a < b]


def _extend(runs: list[list[Segment]], segment: Segment) -> None:
    """Adds a segment to the last run where it continues it, merged where nothing changed."""
    last = runs[-1][-1] if runs else None
    if last is None or last.end != segment.start:
        runs.append([segment])
    elif last.quantity == segment.quantity:
        runs[-1][-1] = Segment(last.start, segment.end, last.quantity)
    else:
        runs[-1].append(segment)
