from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.bodies import array_items
from metering.jsontext import UnreadableJson

GOOD = b'{"a": "x,]}"}'


@pytest.mark.parametrize(
    "poison",
    [
        b'{"a": NaN}',
        b'{"a": 01}',
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a": ' * 3_000 + b"1" + b"}" * 3_000,
        b'{"a" 1}',
        b"",
        b'{"a": "\\q \\" ]"}',
        b'{"a": "\xff"}',
    ],
    ids=lambda value: repr(value)[:30],
)
def test_one_unreadable_item_spoils_no_other(poison: bytes) -> None:
    assert array_items(b" [%b, %b ,%b] " % (GOOD, poison, GOOD)) == [GOOD, poison, GOOD]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[", b"[1, 2", b"[1]]", b"[1] 2", b'["a]', b'[{"a": NaN}', b"[" * 100_000, b"[NaN]x"]
)
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableJson):
        array_items(body)


@given(st.lists(st.dictionaries(st.text('a"\\[]{},é', max_size=4), st.text('b"\\[]{},', max_size=6)), max_size=5))
def test_the_careful_cut_agrees_with_the_quick_one(items: list[dict[str, str]]) -> None:
    texts = [json.dumps(item, ensure_ascii=False).encode() for item in items]
    poisoned = array_items(b"[" + b",".join([*texts, b"NaN"]) + b"]")
    assert [json.loads(text) for text in poisoned[:-1]] == items
    assert poisoned[-1] == b"NaN"
