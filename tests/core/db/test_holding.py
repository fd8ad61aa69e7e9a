"""A name held by this process until it lets go or dies."""

from __future__ import annotations

import pytest
from django.db import connection

from core.db import holding
from core.db.transaction import atomic
from core.models import new_id
from tests.metering.crowd import meanwhile
from tests.support.undoing import undone

pytestmark = pytest.mark.usefixtures("fresh_books")


@pytest.fixture
def name() -> str:
    return f"work {new_id()}"


def _elsewhere(name: str) -> bool:
    """Whether another session could hold the name now; it ends right after."""
    return meanwhile(lambda: holding.try_hold(name)).result(timeout=30)


def test_only_one_holds_a_name_and_nobody_waits_for_it(name: str) -> None:
    assert holding.try_hold(name)
    assert not _elsewhere(name)
    assert _elsewhere(f"{name} too")
    holding.let_go(name)
    assert _elsewhere(name)


def test_it_is_held_beyond_the_transaction_undone_or_not(name: str) -> None:
    """The run's row is seen by others only once its name is held."""
    with undone():
        assert holding.try_hold(name)
    assert not _elsewhere(name)
    holding.let_go(name)
    with atomic():
        assert holding.try_hold(name)
    assert not _elsewhere(name)
    holding.let_go(name)


def test_it_ends_with_the_session(name: str) -> None:
    """A process that was killed holds nothing."""
    assert holding.try_hold(name)
    connection.close()
    assert _elsewhere(name)
