from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.errors import Refusal
from core.money import PICO
from metering.aggregation import Aggregation, Dimension, Filter, MeterRule
from metering.scalars import quantity, scalar_text
from metering.slots import NUMBER, TEXT, Layout, Slot, SlotsExhausted, assign, fill


@pytest.mark.parametrize(
    "value, pico",
    [
        (None, None),
        (5, 5 * PICO),
        (-5, -5 * PICO),
        (0, 0),
        (Decimal("0.000000000001"), 1),
        (Decimal("1E+3"), 1000 * PICO),
        ("12.50", 12_500_000_000_000),
        ("2.000000000000000", 2 * PICO),
        (str(2**127 // PICO), 2**127 // PICO * PICO),
    ],
)
def test_a_quantity_is_a_number_or_a_plain_decimal_in_a_string(value: Any, pico: int | None) -> None:
    assert quantity(value, field="data.x") == pico


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "NaN",
            "Infinity",
            "1e3",
            "1_000",
            " 1 ",
            "１２",
            "0x10",
            "1,5",
            "-0",
            "-0.0",
            "0.0000000000001",
            "9" * 39,
        ),
        *(True, [], {}, 10**39, Decimal("-0"), Decimal("1E-13"), Decimal("1E+400"), Decimal("1E+400000000")),
    ],
    ids=repr,
)
def test_anything_else_is_refused_by_name(value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        quantity(value, field="data.x")
    assert (caught.value.code, caught.value.field) == ("invalid_amount", "data.x")


@pytest.mark.parametrize(
    "value, text",
    [(None, None), ("", ""), (" a ", " a "), (True, "true"), (False, "false"), (10, "10"), (Decimal("0.5"), "0.5")],
)
def test_the_text_of_a_scalar(value: Any, text: str | None) -> None:
    assert scalar_text(value, field="data.x") == text


@pytest.mark.parametrize(
    "value", [[], {"a": 1}, "x" * 301, Decimal("1E+400000000")], ids=lambda value: repr(value)[:20]
)
def test_what_is_no_short_scalar_has_no_text(value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        scalar_text(value, field="data.x")
    assert caught.value.code == "not_a_scalar"


def test_slots_are_shared_by_property_and_kind() -> None:
    taken = [Slot("tokens", NUMBER, "n1"), Slot("model", TEXT, "t1")]
    wanted = [("tokens", NUMBER), ("tokens", TEXT), ("hours", NUMBER), ("model", TEXT), ("hours", NUMBER)]
    made = assign(taken, wanted, event_type="x")
    assert made == [Slot("tokens", TEXT, "t2"), Slot("hours", NUMBER, "n2")]


def test_a_ninth_property_of_a_kind_is_refused_with_a_way_out() -> None:
    taken = [Slot(f"p{i}", NUMBER, f"n{i}") for i in range(1, 9)]
    with pytest.raises(SlotsExhausted, match="another type"):
        assign(taken, [("ninth", NUMBER)], event_type="x")


SLOTS = (Slot("tokens", NUMBER, "n1"), Slot("model", TEXT, "t1"), Slot("region", TEXT, "t2"))
RULE = MeterRule(
    id=UUID(int=1),
    key="tokens",
    event_type="x",
    aggregation=Aggregation.SUM,
    property="tokens",
    value="n1",
    filters=(Filter("model", "t1", ("large",)),),
    group_by=(Dimension("region", "t2"),),
)


@pytest.mark.parametrize(
    "data, code",
    [
        ({"tokens": 1, "model": "large"}, None),
        ({"tokens": 1, "model": "large", "region": None}, None),
        ({"model": "large"}, "missing_value"),
        ({"tokens": None, "model": "large"}, "missing_value"),
        ({"tokens": "x", "model": "large"}, "invalid_amount"),
        ({"tokens": 1, "model": "large", "region": {}}, "not_a_scalar"),
        ({"tokens": 1, "model": ["large"]}, "not_a_scalar"),
        ({"tokens": "x", "model": "small", "region": {}}, None),
        ({}, None),
    ],
)
def test_a_meter_reads_only_events_that_pass_its_filter(data: dict[str, Any], code: str | None) -> None:
    _, faults = fill(Layout(slots=SLOTS, meters=(RULE,)), data)
    assert [fault.refusal.code for fault in faults] == ([code] if code else [])


def test_absent_is_not_empty() -> None:
    held, _ = fill(Layout(slots=SLOTS), {"model": "", "region": None})
    assert held == {"t1": ""}
