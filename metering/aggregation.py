"""How a meter turns events into one quantity, and where on an event's row it finds what it needs."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec


class Aggregation(StrEnum):
    SUM = "sum"
    COUNT = "count"
    MAX = "max"
    UNIQUE_COUNT = "unique_count"

    @property
    def adds_up(self) -> bool:
        """Whether each event has its own part of the quantity."""
        return self in (Aggregation.SUM, Aggregation.COUNT)

    @property
    def of_nothing(self) -> int | None:
        """The quantity of no events: 0, and none for a maximum."""
        return None if self is Aggregation.MAX else 0


class Filter(msgspec.Struct, frozen=True):
    """Only events count whose property has one of these texts."""

    property: str
    column: str
    values: tuple[str, ...]


class Dimension(msgspec.Struct, frozen=True):
    """Events are kept apart by the text of this property."""

    property: str
    column: str


class MeterRule(msgspec.Struct, frozen=True, kw_only=True):
    """A published meter as a store needs it; columns are slots of the event's row. `value` is None for a count."""

    id: UUID
    key: str
    event_type: str
    aggregation: Aggregation
    property: str = ""
    value: str | None = None
    filters: tuple[Filter, ...] = ()
    group_by: tuple[Dimension, ...] = ()

    def ungrouped(self) -> MeterRule:
        """The same meter over all dimensions together: the unique users of all regions, not the sum of each."""
        return msgspec.structs.replace(self, group_by=())
