"""Text keys compare byte by byte, and what doesn't fit is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection

from core.db.transaction import atomic
from customers.models import Subject

pytestmark = pytest.mark.usefixtures("books")

KEYS = ["Abc", "abc", "abc ", "abç", "abc", "äbc", "aebc", "ａｂｃ", "a\u0308bc", "abc\u200b", "😀", "😁"]


def test_keys_that_only_look_alike_are_different_keys() -> None:
    """Case, accents, width, a space at the end: each is found by itself alone."""
    for key in dict.fromkeys(KEYS):
        Subject.objects.create(name=key)
    for key in KEYS:
        assert [one.name for one in Subject.objects.filter(name=key)] == [key]
    assert Subject.objects.filter(name="ABC").count() == 0
    assert list(Subject.objects.order_by("name").values_list("name", flat=True)) == sorted(set(KEYS))


def test_the_same_key_twice_is_refused() -> None:
    Subject.objects.create(name="abc")
    with pytest.raises(IntegrityError), atomic():
        Subject.objects.create(name="abc")


def test_a_text_too_long_is_refused_and_never_cut() -> None:
    with pytest.raises(DataError), atomic():
        Subject.objects.create(name="x" * 301)
    assert not Subject.objects.exists()


@pytest.mark.mariadb("PostgreSQL's databases are made with their collation")
def test_every_column_of_text_has_that_collation() -> None:
    """JSON compares byte by byte, too; trailing spaces mean nothing in it."""
    rows: list[Any]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT collation_name, data_type = 'longtext' FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL"
        )
        rows = sorted(cursor.fetchall())
    assert rows == [("utf8mb4_bin", 1), ("utf8mb4_nopad_bin", 0), ("utf8mb4_nopad_bin", 1)]
