"""Instants come back from PostgreSQL as Django gives them, only sooner."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

from tests.support.roles import on_postgresql

pytestmark = pytest.mark.usefixtures("fresh_books")


@pytest.fixture(autouse=True)
def postgresql() -> None:
    if not on_postgresql():
        pytest.skip("MariaDB's instants are read by its own driver")


def _read(text: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(%s AS timestamptz)", [text])
        [value] = cursor.fetchone()
        return value


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31 12:00:00+00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31 12:00:00.5+05:30", datetime(2026, 1, 31, 6, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31 12:00:00.000001Z", datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC)),
        ("0001-01-01 00:00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:59:59.999999+00", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_utc(text: str, instant: datetime) -> None:
    read = _read(text)
    assert read == instant
    assert isinstance(read, datetime)
    assert read.tzinfo is UTC


@pytest.mark.parametrize("text", ["infinity", "-infinity", "10000-01-01 00:00:00+00", "0044-03-15 12:00:00+00 BC"])
def test_what_python_has_no_instant_for_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        _read(text)
