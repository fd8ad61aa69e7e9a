"""Canonical JSON: one text for one value."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.canonical import digest, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"é": "ü€😀"}, '{"é":"ü€😀"}'),
        ({"Z": 1, "a": 2}, '{"Z":1,"a":2}'),
        ([], "[]"),
        (("x", 1), '["x",1]'),
        ('a"b\\\n', '"a\\"b\\\\\\n"'),
        (10**40, "1" + "0" * 40),
    ],
)
def test_keys_are_sorted_and_nothing_is_spaced_or_escaped_needlessly(value: Any, text: str) -> None:
    assert encode(value) == text


@given(VALUES)
def test_the_text_says_all_of_the_value(value: Any) -> None:
    assert json.loads(encode(value)) == value


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=5))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert encode(dict(reversed(value.items()))) == encode(value)


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), float("inf"), [1.5], {"a": {"b": [0.1]}}, (0.5,), Decimal("1.5"), {1, 2}, b"x"]
)
def test_a_float_or_anything_else_is_refused(value: Any) -> None:
    """Decimals are texts before they get here: a number's text would be anybody's choice."""
    with pytest.raises(TypeError):
        encode(value)


def test_the_digest_is_that_of_the_text() -> None:
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"}) != digest({"a": "1", "b": 2})
