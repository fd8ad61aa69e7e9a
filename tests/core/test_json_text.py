"""JSON in pieces: the text that `json.dumps` writes, with lists that are made meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.json_text import pieces

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def with_iterators(value: Any) -> Any:
    """The same, every list being an iterator."""
    if isinstance(value, dict):
        return {key: with_iterators(item) for key, item in value.items()}
    return iter([with_iterators(item) for item in value]) if isinstance(value, list) else value


@given(value=plain)
def test_the_pieces_are_the_text(value: Any) -> None:
    expected = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    assert "".join(pieces(value)) == "".join(pieces(with_iterators(value))) == expected


def test_an_item_is_made_when_it_is_written() -> None:
    made = []

    def items() -> Any:
        for number in range(3):
            made.append(number)
            yield number

    written = pieces({"first": items(), "second": None})
    assert next(piece for piece in written if piece.endswith(" 0")) == "[\n    0"
    assert made == [0]


@pytest.mark.parametrize("key", [1, None, True, ("a",), b"a"])
def test_a_key_is_text(key: object) -> None:
    with pytest.raises(TypeError, match="a key must be text"):
        list(pieces({key: 1}))
