"""Usage straight from the table of events: one statement per question, with the spans joined as a relation."""
# ruff: noqa: S608 - names of columns come from the slots' own list, everything else is a parameter

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from core.access.scope import tenant_id
from core.db.relation import INSTANT, INTEGER, TEXT, aware, relation
from core.money import PICO
from metering.aggregation import Aggregation, MeterRule
from metering.models.batch import first_number_after
from metering.slots import COLUMNS
from metering.stores import Item
from metering.values import Dimensions, Span, UsageEvent, UsageValue

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
        where, where_params = _counted(meter, watermark)
        dims = "".join(f", e.{_column(one.column)}" for one in meter.group_by)
        rows = _rows(
            f"SELECT s.item, {_QUANTITY[meter.aggregation].format(_column(meter.value))}, COUNT(*), "
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
        spans: Sequence[Span],
        watermark: int,
        *,
        limit: int,
        after: int = 0,
        since: int = 0,
        dimensions: Dimensions | None = None,
    ) -> list[UsageEvent]:
        if not spans:
            return []
        bound, old = first_number_after(watermark), first_number_after(since)
        source, source_params = _joined(spans, list(dict.fromkeys(span.item for span in spans)))
        where, where_params = _counted(meter, watermark)
        within, within_params = _within(meter, dimensions or ())
        changed, changed_params = "v.number IS NULL", []
        if since:
            changed = "((e.number >= %s AND v.number IS NULL) OR (e.number < %s AND v.number >= %s))"
            changed_params = [old, old, old]
        value = f"e.{_column(meter.value)}" if meter.value else "NULL"
        rows = _rows(
            f"SELECT e.number, e.event_id, e.source, e.time, e.subject, {value}, v.number FROM {source} "
            f"LEFT JOIN metering_void v ON v.key = e.key AND v.number < %s "
            f"WHERE {where}{within} AND {changed} AND e.number > %s ORDER BY e.number LIMIT %s",
            [*source_params, bound, *where_params, *within_params, *changed_params, after, limit],
        )
        return [_event(row) for row in rows]

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


def _counted(meter: MeterRule, watermark: int) -> tuple[str, list[Any]]:
    """The events that the meter counts, up to the watermark."""
    tests = ["e.tenant_id = %s", "e.type = %s", "e.number < %s"]
    params: list[Any] = [tenant_id(), meter.event_type, first_number_after(watermark)]
    if meter.value:
        tests.append(f"e.{_column(meter.value)} IS NOT NULL")
    for one in meter.filters:
        tests.append(f"e.{_column(one.column)} IN ({', '.join(['%s'] * len(one.values))})")
        params.extend(one.values)
    tests.append("NOT EXISTS (SELECT 1 FROM metering_finding f WHERE f.meter_id = %s AND f.event_number = e.number)")
    return " AND ".join(tests), [*params, meter.id]


def _within(meter: MeterRule, dimensions: Dimensions) -> tuple[str, list[Any]]:
    columns = {one.property: _column(one.column) for one in meter.group_by}
    tests = [f" AND e.{columns[name]} " + ("IS NULL" if text is None else "= %s") for name, text in dimensions]
    return "".join(tests), [text for _, text in dimensions if text is not None]


def _event(row: Sequence[Any]) -> UsageEvent:
    number, event_id, source, time, subject, value, voided = row
    return UsageEvent(
        number=number,
        id=event_id,
        source=source,
        time=aware(time),
        subject=subject,
        value=value if value is None or isinstance(value, str) else int(value),
        voided_at_number=voided,
    )


def _column(column: str | None) -> str:
    """A slot's column, safe to stand in a statement; '' for a count, which has none."""
    if column is not None and column not in COLUMNS:
        raise ValueError(f"{column!r} is not a slot")
    return column or ""


def _rows(statement: str, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
