"""Names that no two things share, and ids that are a function of a name and in time order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import canonical_name, derived_id

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 253_402_300_799_999_999).map(lambda n: EPOCH + timedelta(microseconds=n))
PARTS = st.lists(st.none() | st.text(max_size=6), max_size=4)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ((), b""),
        (("",), b"0:"),
        ((None,), b"-:"),
        (("ab", "c"), b"2:ab1:c"),
        (("a", "bc"), b"1:a2:bc"),
        (("ü",), "2:ü".encode()),
        ((12, UUID(int=1)), b"2:1236:00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_name_frames_each_part_by_its_length_in_bytes(parts: tuple[object, ...], name: bytes) -> None:
    assert canonical_name(*parts) == name


@given(PARTS, PARTS)
def test_no_two_lists_of_parts_share_a_name(one: list[str | None], other: list[str | None]) -> None:
    """Wherever the parts are cut, and whether one is empty or absent (billing rules §1.1)."""
    assert (canonical_name(*one) == canonical_name(*other)) == (one == other)


@given(st.text(min_size=1, max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_where_a_text_is_cut_matters(text: str, here: int, there: int) -> None:
    one, other = (text[:here], text[here:]), (text[:there], text[there:])
    assert (canonical_name(*one) == canonical_name(*other)) == (one == other)


@given(INSTANTS, PARTS)
def test_an_id_is_a_uuid_of_version_8(at: datetime, parts: list[str | None]) -> None:
    """RFC 9562 §5.8: four bits of version, two of variant, 48 bits of milliseconds, the rest from the name."""
    identity = derived_id(at, *parts)
    assert (identity.version, identity.variant) == (8, "specified in RFC 4122")
    assert identity.int >> 80 == (at - EPOCH) // timedelta(milliseconds=1)


def test_the_rest_of_an_id_is_the_first_bits_of_the_names_sha_256() -> None:
    """Recomputed here bit by bit, so that an id can be checked without this program."""
    bits = f"{int.from_bytes(sha256(b'6:charge1:x').digest(), 'big'):0256b}"
    expected = f"{1767225600000:048b}" + "1000" + bits[:12] + "10" + bits[18:80]
    assert derived_id(NEW_YEAR, "charge", "x") == UUID(int=int(expected, 2))


def test_an_id_never_changes() -> None:
    """It is stored, and derived again by later releases."""
    assert str(derived_id(NEW_YEAR, "charge", "x")) == "019b76da-a800-885b-9111-dd219f88cd0a"


@given(INSTANTS, INSTANTS, PARTS, PARTS)
def test_ids_are_in_time_order_whatever_their_names(
    one: datetime, other: datetime, name: list[str | None], another: list[str | None]
) -> None:
    early, late = sorted((one, other))
    if late - early >= timedelta(milliseconds=1):
        assert derived_id(early, *name) < derived_id(late, *another)


@given(INSTANTS, PARTS, PARTS)
def test_two_names_at_one_instant_have_two_ids(at: datetime, one: list[str | None], other: list[str | None]) -> None:
    assert (derived_id(at, *one) == derived_id(at, *other)) == (one == other)


@pytest.mark.parametrize(
    ("at", "milliseconds"),
    [
        (EPOCH, 0),
        (datetime(1, 1, 2, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 0, 0, 1999, UTC), 1),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC), 253402300799999),
    ],
)
def test_milliseconds_are_cut_off_and_never_below_1970(at: datetime, milliseconds: int) -> None:
    assert derived_id(at, "x").int >> 80 == milliseconds
