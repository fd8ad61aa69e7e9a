from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import canonical
from metering.cloudevents import read
from metering.identity import content_digest, event_key
from tests.metering.samples import text

TENANT = UUID(int=1)

SAME = [
    ({}, {"time": "2026-01-10T13:00:00.000000001+01:00"}),
    ({"data": {"a": 1, "b": 2}}, {"data": {"b": 2.0, "a": 1e0}}),
    ({}, {"datacontenttype": "application/json; charset=utf-8", "dataschema": "https://example.com/s"}),
    ({"data": {"a": 0.5}}, {"data": {"a": 5e-1}}),
]
DIFFERENT = [
    ({}, {"time": "2026-01-10T12:00:00.000001Z"}),
    ({}, {"subject": "c-02"}),
    ({}, {"type": "other"}),
    ({}, {"ext": "x"}),
    ({"data": {"a": 1}}, {"data": {"a": "1"}}),
    ({"data": {"a": 1}}, {"data": {"a": True}}),
    ({"data": {}}, {"data": {"a": None}}),
    ({"data": {"a": 0.1}}, {"data": {"a": 0.10000000000000002}}),
]


@pytest.mark.parametrize("one, other", SAME)
def test_the_same_content_has_the_same_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert content_digest(read(text(**one))) == content_digest(read(text(**other)))


@pytest.mark.parametrize("one, other", DIFFERENT)
def test_other_content_has_another_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert content_digest(read(text(**one))) != content_digest(read(text(**other)))


def test_the_digest_is_the_sha_256_of_canonical_json() -> None:
    event = read(text(data={"z": "é\n", "a": [1, {"c": None, "b": True}]}, ext="x"))
    content = {
        "type": event.type,
        "subject": event.subject,
        "time": "2026-01-10T12:00:00Z",
        "data": event.data,
        "extensions": {"ext": "x"},
    }
    assert content_digest(event).hex() == canonical.digest(content)


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4)


@given(st.tuples(NAMES, NAMES), st.tuples(NAMES, NAMES))
def test_two_events_have_one_key_only_if_source_and_id_are_equal(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Byte by byte: case, Unicode form and spaces at the end all count."""
    assert (event_key(TENANT, *one) == event_key(TENANT, *other)) == (one == other)
    assert event_key(TENANT, *one) != event_key(UUID(int=2), *one)


def test_a_key_is_a_uuid_that_every_database_takes() -> None:
    key = event_key(TENANT, "source", "id")
    assert (key.version, key.variant) == (8, "specified in RFC 4122")
