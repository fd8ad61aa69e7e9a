"""What every statement about usage is made of: which events a meter counts."""

from __future__ import annotations

from typing import Any

from core.access.scope import tenant_id
from metering.aggregation import MeterRule
from metering.models.batch import first_number_after
from metering.slots import COLUMNS
from metering.values import Dimensions


def counted(meter: MeterRule, watermark: int) -> tuple[str, list[Any]]:
    """The events that the meter counts, up to the watermark."""
    tests = ["e.tenant_id = %s", "e.type = %s", "e.number < %s"]
    params: list[Any] = [tenant_id(), meter.event_type, first_number_after(watermark)]
    if meter.value:
        tests.append(f"e.{column(meter.value)} IS NOT NULL")
    for one in meter.filters:
        tests.append(f"e.{column(one.column)} IN ({', '.join(['%s'] * len(one.values))})")
        params.extend(one.values)
    tests.append("NOT EXISTS (SELECT 1 FROM metering_finding f WHERE f.meter_id = %s AND f.event_number = e.number)")
    return " AND ".join(tests), [*params, meter.id]


def within(meter: MeterRule, dimensions: Dimensions) -> tuple[str, list[Any]]:
    columns = {one.property: column(one.column) for one in meter.group_by}
    tests = [f" AND e.{columns[name]} " + ("IS NULL" if text is None else "= %s") for name, text in dimensions]
    return "".join(tests), [text for _, text in dimensions if text is not None]


def column(name: str | None) -> str:
    """A slot's column, safe to stand in a statement; '' for a count, which has none."""
    if name is not None and name not in COLUMNS:
        raise ValueError(f"{name!r} is not a slot")
    return name or ""
