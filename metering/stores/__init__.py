"""Where usage is asked for: one small protocol, whatever holds the events."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from metering.aggregation import MeterRule
from metering.values import Dimensions, Span, UsageEvent, UsageValue, View

Item = TypeVar("Item", bound=Hashable)


class EventStore(Protocol):
    """The events of the tenant in scope. A watermark says up to which batch they are seen; voids obey it too."""

    def usage(
        self, meter: MeterRule, spans: Sequence[Span], watermark: int
    ) -> dict[Hashable, dict[Dimensions, UsageValue]]:
        """Item → dimensions → usage; the spans of one item are aggregated together. Items without events are absent."""
        ...

    def events(
        self,
        meter: MeterRule,
        views: Sequence[View],
        *,
        limit: int,
        after: int = 0,
        sign: int = 0,
        dimensions: Dimensions | None = None,
    ) -> list[UsageEvent]:
        """The events that count between the views, by number, after the number `after`.

        One view: all that it counts. Another with `times` −1: the difference, events added and events taken
        away; `sign` 1 or −1 asks for either alone. Where a meter sums or counts, their quantities add up to its own.
        """
        ...

    def carriers(
        self,
        meter: MeterRule,
        views: Sequence[View],
        *,
        limit: int,
        after: int = 0,
        sign: int = 0,
        dimensions: Dimensions | None = None,
    ) -> list[UsageEvent]:
        """The same of a maximum or of unique values: only the events that carry it, so that they add up to it.

        Of a maximum the first event that has it, of unique values the first with each, where the views differ in it.
        """
        ...

    def first_change(
        self, subjects_by_item: Mapping[Item, Collection[str]], since_watermark: int, until_watermark: int
    ) -> dict[Item, datetime]:
        """Item → the earliest time of its events that came, or were voided, in batches in (since, until].

        Items of which nothing has changed are absent.
        """
        ...


def store() -> EventStore:
    """The store that this installation uses."""
    from metering.stores.sql import SqlStore

    return SqlStore()
