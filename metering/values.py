"""What metering hands to billing: the usage of one meter over one span of time."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

import msgspec

from core.money import PICO

#: (name, text) of each dimension in the meter's order; None where the event doesn't have it, which is not "".
Dimensions = tuple[tuple[str, str | None], ...]


class UsageValue(msgspec.Struct, frozen=True):
    """The usage of a span, as its meter aggregates it (billing rules §2.8).

    `quantity` is in pico-units; `count` is the number of events behind it, `late_count` how many of
    them arrived above the watermark at which their period was first billed.
    """

    quantity: int
    count: int = 0
    late_count: int = 0


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One subject's time, half-open, within what is aggregated together under `item`.

    Events of batches above `late_after` are counted as late too; None where none is.
    """

    item: Hashable
    subject: str
    start: datetime
    end: datetime
    late_after: int | None = None


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Usage as it was seen once: what the spans hold up to the watermark, counted `times`; −1 takes it away."""

    spans: tuple[Span, ...]
    watermark: int
    times: int = 1


class UsageEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event behind a quantity; `value` is a pico-quantity, or a text where the meter counts unique ones.

    `times` says how often it counts between the views that were asked about: below zero where it was taken away.
    `voided_at_number` is set where it was voided as of the last of them (numbers as on the event).
    """

    number: int
    id: str
    source: str
    time: datetime
    subject: str
    value: int | str | None
    times: int = 1
    voided_at_number: int | None = None

    @property
    def quantity(self) -> int:
        """What it adds to the quantity, in pico-units."""
        return self.times * (self.value if isinstance(self.value, int) else PICO)
