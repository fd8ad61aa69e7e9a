"""Cursor pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.pages import after, cursor, limit, page


@pytest.mark.parametrize(("parameters", "count"), [({}, 50), ({"limit": "1"}, 1), ({"limit": "100"}, 100)])
def test_a_page_has_fifty_entries_unless_asked(parameters: dict[str, str], count: int) -> None:
    assert limit(parameters) == count


@pytest.mark.parametrize("text", ["0", "101", "-1", "1e2", "", "٣", "99999999999", " 5"])
def test_a_page_is_bounded(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        limit({"limit": text})
    assert refused.value.field == "limit"


@given(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text(max_size=100)))
def test_a_cursor_marks_its_place(place: tuple[int, str]) -> None:
    text = cursor(place)
    assert after({"cursor": text}, tuple[int, str]) == place
    assert page([1], following=place) == {"items": [1], "next": text}


@pytest.mark.parametrize("parameters", [{}, {"cursor": ""}])
def test_the_first_page_needs_none_and_the_last_gives_none(parameters: dict[str, str]) -> None:
    assert after(parameters, int) is None
    assert page([], following=None) == {"items": [], "next": None}


@pytest.mark.parametrize("text", ["%%%", "MTIzNDU", "é", "bnVsbA", "W10", "MQ" * 3000, "\x00"])
def test_a_cursor_that_no_list_gave_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        after({"cursor": text}, tuple[int, str])
    assert refused.value.field == "cursor"
