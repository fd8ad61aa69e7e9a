"""Values, rows, parts and seals as digests: the same whichever database they came from."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.seals.form import FORMS, NOTHING, Hashing, Part, leaves_of, named, seal_digest

ID = UUID("0190aaaa-bbbb-8ccc-8ddd-eeeeffff0000")
AT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
COLUMNS = (("id", "uuid"), ("amount", "decimal"), ("note", "text"))

#: kind, what PostgreSQL's driver gives, what MariaDB's gives, the one text.
ALIKE = [
    ("uuid", ID, ID.hex, ID.hex),
    ("uuid", ID, str(ID).upper(), ID.hex),
    ("integer", 7, "7", "7"),
    ("integer", -(2**63), -(2**63), "-9223372036854775808"),
    ("decimal", Decimal("1.500000000000"), Decimal("1.5"), "15e-1"),
    ("decimal", Decimal("1E+3"), Decimal(1000), "1000"),
    ("decimal", Decimal("-0.00"), Decimal(0), "0"),
    ("decimal", Decimal(10**39 - 1), str(10**39 - 1), "9" * 39),
    ("decimal", Decimal("NaN"), "NaN", "NaN"),
    ("instant", AT, AT.replace(tzinfo=None), "2026-02-03T04:05:06.000789"),
    ("instant", AT.astimezone(timezone(timedelta(hours=5, minutes=30))), AT, "2026-02-03T04:05:06.000789"),
    ("date", date(2026, 2, 3), date(2026, 2, 3), "2026-02-03"),
    ("boolean", True, 1, "true"),
    ("boolean", False, 0, "false"),
    ("bytes", b"\x00\xff", memoryview(b"\x00\xff"), "00ff"),
    ("text", "ß\n", "ß\n", "ß\n"),
    ("json", '{"a": 1, "bb": [true, null]}', '{"bb":[true,null],"a":1}', '{"a":1,"bb":[true,null]}'),
    ("json", '{"a": 1.50}', '{"a":1.5}', '{"a":15e-1}'),
    ("json", '[100, "\\u00df"]', '[1e2, "ß"]', '[100,"ß"]'),
    ("json", "null", "null", "null"),
]


@pytest.mark.parametrize("kind, one, other, text", ALIKE)
def test_a_value_has_one_form(kind: str, one: Any, other: Any, text: str) -> None:
    assert FORMS[kind](one) == FORMS[kind](other) == text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_JSON)
def test_json_says_the_same_however_it_is_laid_out(value: Any) -> None:
    def laid_out(**how: Any) -> str:
        return json.dumps(_floated(value), **how)

    assert FORMS["json"](laid_out(indent=3)) == FORMS["json"](laid_out(sort_keys=True, ensure_ascii=False))


def _floated(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _floated(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_floated(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) and abs(value) < 10**300 else str(value)


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_have_the_same_form_exactly_where_they_are_equal(one: Decimal, other: Decimal) -> None:
    assert (FORMS["decimal"](one) == FORMS["decimal"](other)) == (one == other)


def test_an_immense_number_is_written_without_counting_its_zeros() -> None:
    assert FORMS["json"]("1e999999999") == "1e999999999"
    assert FORMS["json"]("9" * 5000) == "9" * 5000


def _part(*rows: tuple[Any, ...], through: int = 9) -> Part:
    hashing = Hashing("some_table", COLUMNS, 3)
    for row in rows:
        hashing.add(row)
    return hashing.part(through)


def test_a_row_is_hashed_with_the_length_of_each_value() -> None:
    """Worked by hand: nothing is NULL's, and no value runs into the next."""
    row = f"32:{ID.hex}5:15e-1-:".encode()
    part = _part((ID, Decimal("1.5"), None))
    assert part.digest == sha256(sha256(row).digest()).hexdigest()
    assert part.leaves == ID.bytes + sha256(row).digest()[:4]


@pytest.mark.parametrize(
    "other", [(ID, Decimal(1), "ab"), (ID, Decimal(1), ""), (ID, Decimal(2), "a"), (UUID(int=1), Decimal(1), "a")]
)
def test_another_value_is_another_digest(other: tuple[Any, ...]) -> None:
    assert _part(other).digest != _part((ID, Decimal(1), "a")).digest


def test_null_is_not_empty() -> None:
    assert _part((ID, Decimal(1), None)).digest != _part((ID, Decimal(1), "")).digest


def test_the_order_of_rows_counts() -> None:
    one, two = (UUID(int=1), Decimal(1), ""), (UUID(int=2), Decimal(1), "")
    assert _part(one, two).digest != _part(two, one).digest


def test_leaves_name_their_rows() -> None:
    part = _part((UUID(int=1), Decimal(1), ""), (ID, Decimal(1), ""))
    assert [named(leaf.identity) for leaf in leaves_of(part) or []] == [str(UUID(int=1)), str(ID)]
    numbers = Hashing("numbered", (("number", "integer"),), 0)
    numbers.add((-5,))
    (leaf,) = leaves_of(numbers.part(1)) or []
    assert named(leaf.identity) == "-5"


@pytest.mark.parametrize("content", [b"", b"12345", bytes(40)])
def test_leaves_of_another_number_of_rows_name_nothing(content: bytes) -> None:
    part = _part((ID, Decimal(1), ""))
    assert leaves_of(msgspec.structs.replace(part, leaves=content)) is None
    assert leaves_of(msgspec.structs.replace(part, leaves=b"", rows=0)) == []


SEAL: dict[str, Any] = {
    "tenant": ID.hex,
    "number": 2,
    "previous": NOTHING,
    "made_at": AT,
    "cut": 9,
    "parts": [_part((ID, Decimal(1), ""))],
}


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": UUID(int=1).hex},
        {"number": 3},
        {"previous": "1" * 64},
        {"made_at": AT + timedelta(microseconds=1)},
        {"cut": 10},
        {"parts": []},
        {"parts": [_part((ID, Decimal(2), ""))]},
        {"parts": [_part((ID, Decimal(1), ""), through=8)]},
        {"parts": SEAL["parts"] * 2},
    ],
)
def test_a_seal_depends_on_all_that_it_says(change: dict[str, Any]) -> None:
    assert seal_digest(**SEAL) == seal_digest(**SEAL)
    assert seal_digest(**{**SEAL, **change}) != seal_digest(**SEAL)
