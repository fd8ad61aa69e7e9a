"""Rows that a statement brings along."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from core.db.relation import INSTANT, INTEGER, TEXT, WIDE, aware, relation, update
from core.db.transaction import atomic
from tests.support.roles import speaking_as

COLUMNS = (("n", INTEGER), ("name", TEXT), ("at", INSTANT), ("amount", WIDE))
AT = datetime(2026, 1, 1, 12, 30, 0, 5, UTC)
pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(1, "one", AT, 10**38), (2, None, None, None), (2**62, "", AT, -(10**38))],
        [(n, "'; DROP TABLE x; -- \\ % %s ü\t\n", AT, n) for n in range(500)],
    ],
)
def test_rows_come_back_as_they_went(rows: list[tuple[Any, ...]]) -> None:
    """Wide integers, absent values and any character."""
    source, params = relation("brought", COLUMNS, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT brought.n, name, at, amount FROM {source} ORDER BY brought.n", params)
        found = [(n, name, at and aware(at), amount) for n, name, at, amount in cursor.fetchall()]
    assert found == sorted(rows)


def test_rows_are_changed_by_their_key() -> None:
    with speaking_as("DATABASE_OWNER_URL"), atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE wide (id bigint, amount numeric(39,0), name text)")
        cursor.execute("INSERT INTO wide VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')")
        changes = [(1, 10**38, "A"), (3, None, "C"), (9, 9, "")]
        update("wide", ("id", INTEGER), [("amount", WIDE), ("name", TEXT)], changes)
        update("wide", ("id", INTEGER), [("amount", WIDE)], [])
        cursor.execute("SELECT * FROM wide ORDER BY id")
        assert list(cursor.fetchall()) == [(1, 10**38, "A"), (2, 2, "b"), (3, None, "C")]


def test_an_instant_without_its_offset_is_utc() -> None:
    assert aware(AT.replace(tzinfo=None)) == aware(AT) == AT
