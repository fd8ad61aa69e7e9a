"""Many rows at once, whole or only the new ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError

from core.access.scope import tenant_id
from core.db.bulk import COPY_FROM_ROWS, insert, insert_new
from core.db.transaction import atomic
from core.models import new_id
from customers.models import Subject
from tests.metering.crowd import at_once, meanwhile

TABLE, COLUMNS = "customers_subject", ("id", "tenant_id", "name")
SMALL, LARGE = 3, COPY_FROM_ROWS + 10
Row = tuple[UUID, UUID, str | None]
pytestmark = pytest.mark.usefixtures("fresh_books")


def _rows(count: int, *, named: str = "s") -> list[Row]:
    return [(new_id(), tenant_id(), f"{named}-{n:04}") for n in range(count)]


def _names() -> list[str]:
    return list(Subject.objects.order_by("name").values_list("name", flat=True))


@pytest.mark.parametrize("count", [0, 1, COPY_FROM_ROWS - 1, COPY_FROM_ROWS, LARGE])
def test_all_rows_are_inserted_few_or_many(count: int) -> None:
    rows = _rows(count)
    with atomic():
        insert(TABLE, COLUMNS, rows)
    assert _names() == [name for _, _, name in rows]


@pytest.mark.parametrize("count", [0, 1, COPY_FROM_ROWS - 1, COPY_FROM_ROWS, LARGE])
def test_rows_may_come_one_by_one(count: int) -> None:
    """Each is asked for once."""
    rows = _rows(count)
    with atomic():
        insert(TABLE, COLUMNS, iter(rows))
    assert _names() == [name for _, _, name in rows]


@pytest.mark.parametrize("count", [0, SMALL, LARGE])
def test_where_making_a_row_fails_none_is_in(count: int) -> None:
    """The failure is told as it is, and the transaction goes on without the rows."""

    def failing() -> Iterator[Row]:
        yield from _rows(count)
        raise LookupError("no more")

    with atomic():
        with pytest.raises(LookupError, match="no more"), atomic(savepoint=True):
            insert(TABLE, COLUMNS, failing())
        insert(TABLE, COLUMNS, _rows(1, named="after"))
    assert _names() == ["after-0000"]


@pytest.mark.parametrize("count", [SMALL, LARGE])
@pytest.mark.parametrize("name", ["tab\tnewline\nreturn\r", "back\\slash", "\\N", "\\.", '"quoted",', "ü€😀", ""])
def test_no_character_is_special(count: int, name: str) -> None:
    """Copied as text or as parameters: what goes in comes out."""
    rows = [*_rows(count), (new_id(), tenant_id(), name)]
    with atomic():
        insert(TABLE, COLUMNS, rows)
    assert Subject.objects.get(pk=rows[-1][0]).name == name


@pytest.mark.parametrize("count", [SMALL, LARGE])
@pytest.mark.parametrize(
    ("name", "error"), [("s-0001", IntegrityError), (None, IntegrityError), ("x" * 301, DataError)]
)
def test_one_bad_row_keeps_all_of_them_out(count: int, name: str | None, error: type[Exception]) -> None:
    rows = [*_rows(count), (new_id(), tenant_id(), name)]
    with pytest.raises(error), atomic():
        insert(TABLE, COLUMNS, rows)
    assert _names() == []


@pytest.mark.parametrize("count", [SMALL, LARGE])
def test_rows_whose_key_is_known_are_passed_over(count: int) -> None:
    known, new = _rows(count), _rows(count, named="new")
    with atomic():
        assert insert_new(TABLE, COLUMNS, known, key="id") == count
    renamed = [(identity, tenant, f"other {name}") for identity, tenant, name in known]
    with atomic():
        assert insert_new(TABLE, COLUMNS, [*new, *renamed], key="id") == count
        assert insert_new(TABLE, COLUMNS, [*new, *known], key="id") == 0
    assert _names() == sorted(str(name) for _, _, name in (*known, *new))


def test_a_key_that_comes_twice_in_a_batch_is_inserted_once() -> None:
    (row,) = _rows(1)
    with atomic():
        assert insert_new(TABLE, COLUMNS, [row, row, row], key="id") == 1


def test_nothing_to_insert_is_no_statement() -> None:
    assert insert_new(TABLE, COLUMNS, [], key="id") == 0


@pytest.mark.parametrize(
    ("name", "error"), [("s-0001", IntegrityError), (None, IntegrityError), ("x" * 301, DataError)]
)
def test_only_a_known_key_is_passed_over(name: str | None, error: type[Exception]) -> None:
    """Another unique column, a NULL or a text too long is refused as ever, never cut or ignored."""
    with atomic():
        insert_new(TABLE, COLUMNS, _rows(SMALL), key="id")
    with pytest.raises(error), atomic():
        insert_new(TABLE, COLUMNS, [*_rows(1, named="new"), (new_id(), tenant_id(), name)], key="id")
    assert len(_names()) == SMALL


def test_outside_of_a_transaction_nothing_is_lost_silently() -> None:
    """The rows wait in a table that is emptied by each commit."""
    with pytest.raises(RuntimeError, match="transaction"):
        insert_new(TABLE, COLUMNS, _rows(SMALL), key="id")


def test_batches_at_once_insert_each_row_once_and_do_not_deadlock() -> None:
    """Each sends the same rows, shuffled; they are inserted in the key's order."""
    rows = _rows(400)

    def send(seed: int) -> int:
        mine: Sequence[Row] = random.Random(seed).sample(rows, len(rows))
        with atomic():
            return insert_new(TABLE, COLUMNS, mine, key="id")

    shares = at_once([lambda seed=seed: send(seed) for seed in range(3)])  # type: ignore[misc]
    assert sum(shares) == 400 == len(_names())


def test_equal_batches_that_keep_step_meet_at_no_other_key() -> None:
    """Whoever comes second by a hair finds each row there by its key, and not refused by its name."""
    for batch in range(80):
        rows = _rows(60, named=f"batch {batch}")
        assert sum(at_once([lambda rows=rows: _insert(rows)] * 3)) == 60  # type: ignore[misc]


def _insert(rows: Sequence[Row]) -> int:
    with atomic():
        return insert_new(TABLE, COLUMNS, rows, key="id")


def test_whoever_comes_second_waits_for_the_first_and_finds_the_row_there() -> None:
    """A row that is not committed yet is neither passed over nor inserted twice."""
    (row,) = _rows(1)

    def insert_it() -> int:
        with atomic():
            return insert_new(TABLE, COLUMNS, [row], key="id")

    with atomic():
        assert insert_new(TABLE, COLUMNS, [row], key="id") == 1
        second = meanwhile(insert_it)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.2)
    assert second.result(timeout=30) == 0
