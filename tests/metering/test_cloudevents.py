from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import Refusal
from metering.cloudevents import instant, read
from tests.metering.samples import document, text

REFUSED: list[tuple[dict[str, Any], str, str | None]] = [
    ({"specversion": None}, "invalid_attribute", "specversion"),
    ({"specversion": "0.3"}, "invalid_attribute", "specversion"),
    ({"specversion": 1}, "invalid_attribute", "specversion"),
    ({"id": ""}, "missing_attribute", "id"),
    ({"id": 7}, "invalid_attribute", "id"),
    ({"id": "x" * 301}, "too_long", "id"),
    ({"source": None}, "missing_attribute", "source"),
    ({"source": "a\nb"}, "invalid_attribute", "source"),
    ({"type": ["x"]}, "invalid_attribute", "type"),
    ({"type": "\ufdd0"}, "invalid_attribute", "type"),
    ({"subject": None}, "missing_attribute", "subject"),
    ({"subject": "s" * 100_000}, "too_long", "subject"),
    ({"time": None}, "missing_attribute", "time"),
    ({"time": 1_700_000_000}, "invalid_time", "time"),
    ({"time": "yesterday"}, "invalid_time", "time"),
    ({"time": "2026-01-10"}, "invalid_time", "time"),
    ({"time": "2026-01-10T12:00:00"}, "missing_offset", "time"),
    ({"time": "2026-02-29T12:00:00Z"}, "invalid_time", "time"),
    ({"time": "2026-01-10T24:00:00Z"}, "invalid_time", "time"),
    ({"time": "2016-12-31T23:59:60Z"}, "invalid_time", "time"),
    ({"time": "2026-01-10T12:00:00+25:00"}, "invalid_time", "time"),
    ({"time": "0001-01-01T00:00:00+14:00"}, "invalid_time", "time"),
    ({"time": "２026-01-10T12:00:00Z"}, "invalid_time", "time"),
    ({"data": "text"}, "unsupported_data", "data"),
    ({"data": [1]}, "unsupported_data", "data"),
    ({"data_base64": "eA=="}, "unsupported_data", "data_base64"),
    ({"datacontenttype": "text/xml"}, "unsupported_data", "datacontenttype"),
    ({"dataschema": 5}, "invalid_attribute", "dataschema"),
    ({"Region": "eu"}, "invalid_attribute", "Region"),
    ({"my_ext": "x"}, "invalid_attribute", "my_ext"),
    ({"ext": 1.5}, "invalid_attribute", "ext"),
    ({"ext": 2**31}, "invalid_attribute", "ext"),
    ({"ext": {"a": 1}}, "invalid_attribute", "ext"),
    ({"data": {"note": ["\x00"]}}, "invalid_text", "data.note[0]"),
    ({"subject": "\ud800"}, "invalid_text", "subject"),
]


@pytest.mark.parametrize("changes, code, field", REFUSED, ids=lambda value: repr(value)[:40])
def test_an_envelope_that_fails_names_its_code_and_field(changes: dict[str, Any], code: str, field: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        read(text(**changes))
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.detail


def test_a_missing_data_is_refused() -> None:
    made = document()
    del made["data"]
    with pytest.raises(Refusal) as caught:
        read(json.dumps(made).encode())
    assert caught.value.field == "data"


@pytest.mark.parametrize(
    "written, meant",
    [
        ("2026-01-10T12:00:00Z", datetime(2026, 1, 10, 12, tzinfo=UTC)),
        ("2026-01-10t12:00:00z", datetime(2026, 1, 10, 12, tzinfo=UTC)),
        ("2026-01-10 12:00:00.5+05:30", datetime(2026, 1, 10, 6, 30, 0, 500_000, tzinfo=UTC)),
        ("2023-11-16T18:15:46.6805900Z", datetime(2023, 11, 16, 18, 15, 46, 680_590, tzinfo=UTC)),
        ("2026-01-10T12:00:00.123456999Z", datetime(2026, 1, 10, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_digits_beyond_a_microsecond_are_cut_never_rounded(written: str, meant: datetime) -> None:
    assert instant(written) == meant


def test_local_time_needs_a_zone_and_a_moment_that_exists() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert instant("2026-01-10 12:00:00", zone=berlin) == datetime(2026, 1, 10, 11, tzinfo=UTC)
    assert instant("2026-10-25 02:30:00", zone=berlin) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "the first of two"
    assert instant("2026-01-10 12:00:00Z", zone=berlin) == datetime(2026, 1, 10, 12, tzinfo=UTC)
    with pytest.raises(Refusal, match="clocks skip it"):
        instant("2026-03-29 02:30:00", zone=berlin)


def test_a_refusal_tells_which_event_it_was_as_far_as_that_can_be_read() -> None:
    with pytest.raises(Refusal) as caught:
        read(text("e-7", time="never", source=3))
    assert caught.value.facts == {"id": "e-7", "source": None}


def test_extensions_that_are_null_are_unset() -> None:
    assert read(text(ext=None, other="x", flag=True, count=3)).extensions == {"other": "x", "flag": True, "count": 3}
    assert read(json.dumps({**document(), "unset": None}).encode()).extensions == {}
