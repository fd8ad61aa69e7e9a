"""Usage straight from the table of events: one statement per question, with the spans joined as a relation."""
# ruff: noqa: S608 - names of columns come from the slots' own list, everything else is a parameter

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from core.access.scope import tenant_id
from core.db.relation import INSTANT, INTEGER, TEXT, aware, relation
from core.money import PICO
from metering.aggregation import Aggregation, MeterRule
from metering.models.batch import first_number_after
from metering.stores import Item
from metering.stores.sql_events import Asked, Statement, carrying, contributing
from metering.stores.sql_parts import column, counted
from metering.values import Dimensions, Span, UsageEvent, UsageValue, View

_NEVER_LATE = 2**63 - 1
_SPAN = (("item", INTEGER), ("subject", TEXT), ("start_at", INSTANT), ("end_at", INSTANT), ("late_from", INTEGER))
_QUANTITY = {
    Aggregation.SUM: "SUM(e.{0})",
    Aggregation.MAX: "MAX(e.{0})",
    Aggregation.COUNT: "COUNT(*)",
    Aggregation.UNIQUE_COUNT: "COUNT(DISTINCT e.{0})",
}


_COUNTS = (Aggregation.COUNT, Aggregation.UNIQUE_COUNT)


class SqlStore:
    """The store that every installation has: the database itself."""

    def usage(
        self, meter: MeterRule, spans: Sequence[Span], watermark: int
    ) -> dict[Hashable, dict[Dimensions, UsageValue]]:
        items = list(dict.fromkeys(span.item for span in spans))
        if not items:
            return {}
        source, source_params = _joined(spans, items)
        where, where_params = counted(meter, watermark)
        dims = "".join(f", e.{column(one.column)}" for one in meter.group_by)
        rows = _rows(
            f"SELECT s.item, {_QUANTITY[meter.aggregation].format(column(meter.value))}, COUNT(*), "
            f"SUM(CASE WHEN e.number >= s.late_from THEN 1 ELSE 0 END){dims} "
            f"FROM {source} WHERE {where} AND NOT {_VOIDED} GROUP BY s.item{dims}",
            [*source_params, *where_params, first_number_after(watermark)],
        )
        names = [one.property for one in meter.group_by]
        # Counted in Python's integers: a bigint of pico-quantities ends at nine million events.
        unit = PICO if meter.aggregation in _COUNTS else 1
        found: dict[Hashable, dict[Dimensions, UsageValue]] = {}
        for item, quantity, count, late, *texts in rows:
            value = UsageValue(quantity=int(quantity) * unit, count=int(count), late_count=int(late))
            found.setdefault(items[item], {})[tuple(zip(names, texts, strict=True))] = value
        return found

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
        asked = Asked(meter, views, dimensions or (), sign)
        return _listed(asked, contributing, after, limit)

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
        asked = Asked(meter, views, dimensions or (), sign)
        return _listed(asked, carrying, after, limit)

    def first_change(
        self, subjects_by_item: Mapping[Item, Collection[str]], since_watermark: int, until_watermark: int
    ) -> dict[Item, datetime]:
        items = list(subjects_by_item)
        pairs = [(i, subject) for i, item in enumerate(items) for subject in subjects_by_item[item]]
        if not pairs or since_watermark >= until_watermark:
            return {}
        source, params = relation("s", [("item", INTEGER), ("subject", TEXT)], pairs)
        first, bound, tenant = first_number_after(since_watermark), first_number_after(until_watermark), tenant_id()
        rows = _rows(
            "SELECT item, MIN(at) FROM ("
            f"SELECT s.item, e.time AS at FROM {source} JOIN metering_event e ON e.subject = s.subject "
            "WHERE e.tenant_id = %s AND e.number >= %s AND e.number < %s UNION ALL "
            f"SELECT s.item, e.time AS at FROM {source} JOIN metering_event e ON e.subject = s.subject "
            "JOIN metering_void v ON v.key = e.key "
            "WHERE e.tenant_id = %s AND v.number >= %s AND v.number < %s AND e.number < %s"
            ") changes GROUP BY item",
            [*params, tenant, first, bound, *params, tenant, first, bound, bound],
        )
        return {items[i]: aware(at) for i, at in rows}


_VOIDED = "EXISTS (SELECT 1 FROM metering_void v WHERE v.key = e.key AND v.number < %s)"


def _joined(spans: Sequence[Span], items: Sequence[Hashable]) -> tuple[str, list[Any]]:
    """Spans and the events in them."""
    places = {item: i for i, item in enumerate(items)}
    source, params = relation(
        "s",
        _SPAN,
        [(places[span.item], span.subject, span.start, span.end, _late_from(span)) for span in spans],
    )
    joined = "metering_event e ON e.subject = s.subject AND e.time >= s.start_at AND e.time < s.end_at"
    return f"{source} JOIN {joined}", params


def _late_from(span: Span) -> int:
    return _NEVER_LATE if span.late_after is None else first_number_after(span.late_after)


def _listed(asked: Asked, said: Callable[[Asked], Statement], after: int, limit: int) -> list[UsageEvent]:
    if not any(view.spans for view in asked.views):
        return []
    statement, params = said(asked)
    return [_event(row) for row in _rows(f"{statement} LIMIT %s", [*params, after, limit])]


def _event(row: Sequence[Any]) -> UsageEvent:
    number, event_id, source, time, subject, value, voided, times = row
    return UsageEvent(
        number=number,
        id=event_id,
        source=source,
        time=aware(time),
        subject=subject,
        value=value if value is None or isinstance(value, str) else int(value),
        times=int(times),
        voided_at_number=voided,
    )


def _rows(statement: str, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
