"""Where usage is asked for: one small protocol, whatever holds the events."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from metering.aggregation import MeterRule
from metering.values import Dimensions, Span, UsageEvent, UsageValue

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
        spans: Sequence[Span],
        watermark: int,
        *,
        limit: int,
        after: int = 0,
        since: int = 0,
        dimensions: Dimensions | None = None,
    ) -> list[UsageEvent]:
        """The events behind one item's quantity, by number, beginning after the number `after`.

        With `since`, an earlier watermark, only what has changed from there: events that came, and, with
        `voided_at_number`, events that counted there and were voided later.
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
