"""Doing a transaction again where the database asks for it."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError

from core.db.retry import must_repeat, retrying
from core.db.transaction import atomic
from core.models import new_id
from customers.models import Tree
from tests.metering.crowd import at_once

pytestmark = pytest.mark.usefixtures("fresh_books")


class DriverError(Exception):
    """PostgreSQL's errors carry a SQLSTATE; MariaDB's begin with a number."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


def _error(sqlstate: str | None = None, *arguments: object, kind: type[Exception] = OperationalError) -> Exception:
    """An error as Django passes on the driver's."""
    error = kind(*arguments)
    error.__cause__ = DriverError(sqlstate)
    return error


class Failing:
    """A work that fails with these errors before it succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.tries = list(errors), 0

    def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


AGAIN = [_error("40001"), _error("40P01"), _error(None, 1213, "deadlock"), _error(None, 1205, "timeout")]
FOR_GOOD = [
    _error("55P03"),
    _error("57014"),
    _error(None, 1317, "interrupted"),
    _error(),
    _error("23505", kind=IntegrityError),
]


@pytest.mark.parametrize("error", AGAIN)
def test_a_deadlocks_victim_is_run_again(error: Exception) -> None:
    """Serialization failure, deadlock, and MariaDB's deadlock."""
    work = Failing(error, error)
    assert (retrying(work), work.tries, must_repeat(error)) == ("done", 3, True)


@pytest.mark.parametrize("error", FOR_GOOD)
def test_any_other_failure_is_told_at_once(error: DatabaseError) -> None:
    work = Failing(error)
    with pytest.raises(type(error)) as raised:
        retrying(work)
    assert (raised.value, work.tries, must_repeat(error)) == (error, 1, False)


def test_four_times_is_enough() -> None:
    work = Failing(*[_error("40001")] * 9)
    with pytest.raises(OperationalError):
        retrying(work)
    assert work.tries == 4


def test_inside_a_transaction_it_is_run_once() -> None:
    """Only the outermost may repeat: what came before in the transaction is lost, too."""
    work = Failing(_error("40P01"))
    with pytest.raises(OperationalError), atomic():
        retrying(work)
    assert work.tries == 1


def test_two_that_lock_each_other_out_both_succeed() -> None:
    """A real deadlock: one is undone by the database, and done again."""
    ids = [Tree.objects.create(id=new_id()).id for _ in range(2)]
    met, tries = threading.Barrier(2), []

    def lock(order: list[UUID]) -> str:
        tries.append(order)
        with atomic():
            Tree.objects.select_for_update().get(pk=order[0])
            if len(tries) <= 2:
                met.wait(30)
            Tree.objects.select_for_update().get(pk=order[1])
        return "done"

    works = [lambda order=order: retrying(lambda: lock(order)) for order in (ids, ids[::-1])]
    assert at_once(works) == ["done", "done"]
    assert len(tries) == 3
