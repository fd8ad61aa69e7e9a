"""The statements that name the events behind a quantity, or behind the difference of several."""
# ruff: noqa: S608 - names of columns come from the slots' own list, everything else is a parameter

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from core.db.relation import INSTANT, INTEGER, TEXT, relation
from metering.aggregation import Aggregation, MeterRule
from metering.counted import pieces
from metering.models.batch import first_number_after
from metering.stores.sql_parts import column, counted, within
from metering.values import Dimensions, View

_TESTS = {0: "<> 0", 1: "> 0", -1: "< 0"}
_IN_SPAN = "JOIN metering_event e ON e.subject = s.subject AND e.time >= s.start_at AND e.time < s.end_at"
_SPAN = [("subject", TEXT), ("start_at", INSTANT), ("end_at", INSTANT)]
Statement = tuple[str, list[Any]]


class Asked(msgspec.Struct, frozen=True):
    """Which events: of a meter, between views, of one combination of dimensions, added or taken away."""

    meter: MeterRule
    views: Sequence[View]
    dimensions: Dimensions
    sign: int

    @property
    def last(self) -> int:
        return max(view.watermark for view in self.views)

    @property
    def where(self) -> Statement:
        tests, params = counted(self.meter, self.last)
        more, more_params = within(self.meter, self.dimensions)
        return tests + more, [*params, *more_params]


def contributing(asked: Asked) -> Statement:
    """Each event that counts more or less often than not at all; `number >` and LIMIT are left to fill in."""
    cut = pieces(asked.views)
    most = max((len(piece.seen) for piece in cut), default=0) or 1
    bounds = [one for i in range(most) for one in ((f"bound_{i}", INTEGER), (f"times_{i}", INTEGER))]
    rows = [(piece.subject, piece.start, piece.end, *_padded(piece.seen, most)) for piece in cut]
    source, params = relation("s", [*_SPAN, *bounds], rows)
    # No more than one void of each event: an event is seen by a view that comes after it and before its void.
    times = " + ".join(
        f"CASE WHEN e.number < s.bound_{i} AND (v.number IS NULL OR v.number >= s.bound_{i})"
        f" THEN s.times_{i} ELSE 0 END"
        for i in range(most)
    )
    where, where_params = asked.where
    statement = (
        f"SELECT {_shown(asked.meter)}, {times} FROM {source} {_IN_SPAN} {_VOIDED} "
        f"WHERE {where} AND ({times}) {_TESTS[asked.sign]} AND e.number > %s ORDER BY e.number"
    )
    return statement, [*params, first_number_after(asked.last), *where_params]


def carrying(asked: Asked) -> Statement:
    """Of a maximum the first event that has it, of unique values the first with each, where the views differ in it."""
    value = f"e.{column(asked.meter.value)}"
    place = {
        Aggregation.MAX: f"PARTITION BY s.place ORDER BY {value} DESC, e.number",
        Aggregation.UNIQUE_COUNT: f"PARTITION BY s.place, {value} ORDER BY e.number",
    }[asked.meter.aggregation]
    columns = [*_SPAN, ("place", INTEGER), ("bound", INTEGER), ("times", INTEGER)]
    rows = [
        (span.subject, span.start, span.end, i, first_number_after(view.watermark), view.times)
        for i, view in enumerate(asked.views)
        for span in view.spans
    ]
    source, params = relation("s", columns, rows)
    where, where_params = asked.where
    ranked = (
        f"SELECT e.number, s.times, {value} AS held, ROW_NUMBER() OVER ({place}) AS nth FROM {source} {_IN_SPAN} "
        f"AND e.number < s.bound WHERE {where} "
        "AND NOT EXISTS (SELECT 1 FROM metering_void gone WHERE gone.key = e.key AND gone.number < s.bound)"
    )
    differing = (
        f"SELECT MIN(number) AS number, SUM(times) AS often FROM ({ranked}) ranked WHERE nth = 1 "
        f"GROUP BY held HAVING SUM(times) {_TESTS[asked.sign]}"
    )
    statement = (
        f"SELECT {_shown(asked.meter)}, d.often FROM ({differing}) d JOIN metering_event e ON e.number = d.number "
        f"{_VOIDED} WHERE e.number > %s ORDER BY e.number"
    )
    return statement, [*params, *where_params, first_number_after(asked.last)]


_VOIDED = "LEFT JOIN metering_void v ON v.key = e.key AND v.number < %s"


def _shown(meter: MeterRule) -> str:
    value = f"e.{column(meter.value)}" if meter.value else "NULL"
    return f"e.number, e.event_id, e.source, e.time, e.subject, {value}, v.number"


def _padded(seen: Sequence[tuple[int, int]], most: int) -> list[int]:
    bounds = [number for watermark, times in seen for number in (first_number_after(watermark), times)]
    return bounds + [0, 0] * (most - len(seen))
