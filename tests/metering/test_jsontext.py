from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.jsontext import MAX_DEPTH, UnreadableJson, decode

REFUSED = [
    (b"", "invalid_json"),
    (b"{", "invalid_json"),
    (b'{"a": 1}x', "invalid_json"),
    (b'{"a": NaN}', "invalid_json"),
    (b'{"a": -Infinity}', "invalid_json"),
    (b'{"a": 01}', "invalid_json"),
    (b'{"a": "\xff"}', "invalid_json"),
    (b'{"a": "\x00"}', "invalid_json"),
    (b'{"a": ' + b"9" * 5_000 + b"}", "invalid_json"),
    (b'{"a": 1e99999999999999999999}', "invalid_json"),
    (b'{"a": 1e-99999999999999999999}', "invalid_json"),
    (b'{"a": 1, "a": 1}', "duplicate_key"),
    (b'{"a": 1, "\\u0061": 2}', "duplicate_key"),
    (b'{"a": {"b": "x", "c": 1, "b": "y"}}', "duplicate_key"),
    (b'[{"a": ":", "a" : ":"}]', "duplicate_key"),
    (b'{"a": "\\u0000"}', "invalid_text"),
    (b'{"\\u0000": 1}', "invalid_text"),
    (b'{"a": ["\\ud800"]}', "invalid_text"),
    (b"[" * 100_000, "too_deep"),
    (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too_deep"),
]


@pytest.mark.parametrize("raw, code", REFUSED, ids=lambda value: repr(value)[:40])
def test_text_that_money_must_not_hang_on_is_refused_by_name(raw: bytes, code: str) -> None:
    with pytest.raises(UnreadableJson) as caught:
        decode(raw)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "raw, value",
    [
        (b"1", 1),
        (b"1.0", 1),
        (b"1e3", 1000),
        (b"10E-1", 1),
        (b"1.50", Decimal("1.5")),
        (b"0.1234567890123456789", Decimal("0.1234567890123456789")),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'"\\u00e9 \\ud83d\\ude00 \\n"', "é 😀 \n"),
        (b'{"a": "\\"", "b": {"a": 1}}', {"a": '"', "b": {"a": 1}}),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "deep"),
    ],
)
def test_numbers_are_exact_and_equal_numbers_are_equal_values(raw: bytes, value: Any) -> None:
    read = decode(raw)
    assert value == "deep" or (read == value and type(read) is type(value))


@pytest.mark.parametrize("raw", [b'{"a": -0}', b'{"a": -0.0}', b'{"a":-0,"b":1}', b'{"a": -0e5}'])
def test_a_negative_zero_keeps_its_sign(raw: bytes) -> None:
    """Quick decoders lose it, and a quantity of negative zero is to be refused by name."""
    read = decode(raw)["a"]
    assert isinstance(read, Decimal)
    assert read.is_signed()


def test_a_huge_exponent_costs_nothing() -> None:
    assert decode(b'{"a": 1e400000000}')["a"].adjusted() == 400_000_000


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab:"\\é', max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_both_decoders_read_what_python_wrote(value: Any, compact: bool) -> None:
    """The proof by counting quotes neither refuses good text nor changes what is read."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":") if compact else None)
    assert decode(text.encode()) == value
