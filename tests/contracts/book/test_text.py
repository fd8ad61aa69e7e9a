"""YAML without guessed types."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.book.text import BookUnreadable, DuplicateKey, Plain, flag_of, is_null, natural, read


def _told(value: Any) -> Any:
    """Plain scalars marked, so that they can be told from quoted ones."""
    if isinstance(value, dict):
        return {key: _told(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_told(inner) for inner in value]
    return f"plain {value}" if isinstance(value, Plain) else value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: NO", {"a": "plain NO"}),
        ("a: on", {"a": "plain on"}),
        ("a: 0x1F", {"a": "plain 0x1F"}),
        ("a: 012", {"a": "plain 012"}),
        ("a: 1:30:00", {"a": "plain 1:30:00"}),
        ("a: 2026-01-31", {"a": "plain 2026-01-31"}),
        ("a: 1e400", {"a": "plain 1e400"}),
        ("a: .nan", {"a": "plain .nan"}),
        ("a: null", {"a": "plain null"}),
        ("a:", {"a": "plain "}),
        ("a: '12'", {"a": "12"}),
        ('a: "12"', {"a": "12"}),
        ('a: "x\\u00fc"', {"a": "xü"}),
        ("a: |\n  12\n", {"a": "12\n"}),
        ("a: >-\n  12\n", {"a": "12"}),
        ("1: x\ntrue: y", {"1": "plain x", "true": "plain y"}),
        ("{a: [1, '2', [x]], b: {}}", {"a": ["plain 1", "2", ["plain x"]], "b": {}}),
        ("a: &unused 1", {"a": "plain 1"}),
    ],
)
def test_a_scalar_stays_a_text_and_it_is_kept_whether_it_was_quoted(text: str, value: Any) -> None:
    """`NO` is Norway."""
    assert _told(read(text.encode())) == value


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b"\xef\xbb\xbfa: 1") == {"a": "1"}


@pytest.mark.parametrize(
    ("text", "field", "line"),
    [
        ("a: 1\nb: 2\na: 3", "a", 3),
        ("plans:\n  - prices:\n    - {key: x,\n       key: y}", "plans[0].prices[0].key", 4),
        ("a: {b: {'c': 1, c: 2}}", "a.b.c", 1),
        ("1: x\n'1': y", "1", 2),
    ],
)
def test_a_key_that_stands_twice_is_refused_by_path_and_line(text: str, field: str, line: int) -> None:
    """The last one would silently win in every decoder (faults §3)."""
    with pytest.raises(DuplicateKey, match=f"again in line {line}$") as refused:
        read(text.encode())
    assert refused.value.field == field


_LAUGHS = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghijklmnopqrstuvwxyz"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"a: [1", "not YAML: .*line"),
        (b"a: 1\n b: 2", "not YAML: .*line 2"),
        (b"\ta: 1", "not YAML"),
        (b"a: 1\n---\nb: 2", "a second document begins in line 2"),
        (b"a: &x 1\nb: *x", "an alias: write it out; line 2"),
        (b"a: *missing", "an alias: write it out; line 1"),
        (b"a: &x [*x]", "an alias"),
        (b"? *x\n: 1", "an alias"),
        (b"a: !!float 1", "a tag: leave it out; line 1"),
        (b"a: !!str 12", "a tag"),
        (b"a: !!python/object/apply:os.system [x]", "a tag"),
        (b"!!map {a: 1}", "a tag"),
        (b"!x a: 1", "a tag"),
        (b"a: 1\n[b]: 2", "a key is a text; line 2"),
        (b"{{a: b}: c}", "a key is a text"),
        (b'a: "x\\0"', "holds U.0000"),
        (b'"x\\0": 1', "holds U.0000"),
        (b"a: \x00", "not YAML"),
        (b"a: \x07", "not YAML"),
        (b"a: \xff", "byte 3 is not UTF-8"),
        ("a: 1".encode("utf-16"), "byte 0 is not UTF-8"),
        (b"PK\x03\x04\x80", "byte 4 is not UTF-8"),
        (b"[" * 100_000, "nested deeper than 50"),
        (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 50"),
        (b"- " * 100_000, "nested deeper than 50"),
        (b"{a: " * 60 + b"1" + b"}" * 60, "nested deeper than 50"),
        (b"x" * (50 * 1024 * 1024 + 1), "are the most"),
    ],
)
def test_what_is_no_book_is_told_as_such(content: bytes, told: str) -> None:
    """One line with the place, never a trace, and no recursion however deep it is."""
    with pytest.raises(BookUnreadable, match=told) as refused:
        read(content)
    assert "\n" not in refused.value.detail


def test_a_few_aliases_that_stand_for_billions_are_refused_before_anything_is_made_of_them() -> None:
    with pytest.raises(BookUnreadable, match="an alias: write it out; line 2") as refused:
        read(_LAUGHS.encode())
    assert refused.value.field == "b[0]"


@pytest.mark.parametrize("text", ["1", "-1", "+1.5", "1.", ".5", "1e3", "1E-3", "1_000", ".inf", "-.NaN", "007"])
def test_what_looks_like_a_number_should_have_been_quoted(text: str) -> None:
    assert Plain(text).is_number


@pytest.mark.parametrize("text", ["", "x", "1x", "2026-01-31", "0x1F", "1:30", "--1", "e3", "１", "1,5", "inf", "NO"])
def test_a_word_is_none(text: str) -> None:
    assert not Plain(text).is_number


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Plain("null"), None),
        (Plain("~"), None),
        (Plain(""), None),
        (Plain("NULL"), None),
        (Plain("true"), True),
        (Plain("False"), False),
        (Plain("yes"), "yes"),
        (Plain("12"), "12"),
        ("true", "true"),
        ("", ""),
        ({"a": [Plain("null"), "null"]}, {"a": [None, "null"]}),
    ],
)
def test_what_metadata_becomes(value: Any, plain: Any) -> None:
    """As JSON would have it, but that numbers stay texts."""
    found = natural(value)
    assert (found, type(found)) == (plain, type(plain))


def test_only_a_plain_word_is_a_flag_or_nothing() -> None:
    assert [flag_of(value) for value in (Plain("TRUE"), Plain("false"), Plain("yes"), "true", None)] == [
        True,
        False,
        None,
        None,
        None,
    ]
    assert [value for value in (Plain("~"), Plain("none"), "", "null", None) if is_null(value)] == ["~"]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=8)
VALUES = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3))
def test_quoted_texts_come_back_as_they_were_written(value: dict[str, Any]) -> None:
    class Quoting(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
    assert read(yaml.dump(value, Dumper=Quoting, allow_unicode=True).encode()) == value
