"""The next numbers in a seller's series: dense, and in the order of finalization."""

from __future__ import annotations

import pytest
from django.db import transaction

from billing.invoicing import numbering
from billing.models import Series
from core.db.retry import retrying
from core.db.transaction import atomic
from core.models import Tenant
from customers.models import Seller
from tests.metering.crowd import meanwhile
from tests.support import world
from tests.support.processes import at_once
from tests.support.undoing import undone


@pytest.fixture(autouse=True)
def seller(fresh_books: Tenant) -> Seller:
    world.apply({})
    found: Seller = Seller.objects.get()
    return found


def _take(count: int = 1, *, kind: str = "invoice") -> list[int]:
    with atomic():
        return numbering.take(seller=Seller.objects.get(), kind=kind, count=count)


def test_numbers_begin_with_one_and_go_on_without_gap() -> None:
    assert [_take(), _take(3), _take(0), _take()] == [[1], [2, 3, 4], [], [5]]
    assert Series.objects.get().last == 5


def test_each_kind_has_a_series_of_its_own() -> None:
    assert [_take(), _take(kind="credit_note"), _take()] == [[1], [1], [2]]


def test_what_is_undone_takes_no_number() -> None:
    """Also where it was the first of the series."""
    with undone():
        assert numbering.take(seller=Seller.objects.get(), kind="invoice", count=2) == [1, 2]
    assert _take() == [1]
    with undone():
        _take(5)
    assert _take() == [2]


def test_a_number_taken_makes_others_wait_until_it_is_sure(seller: Seller) -> None:
    """Otherwise an undone one would leave a gap behind them."""
    _take()
    with atomic():
        assert numbering.take(seller=seller, kind="invoice", count=1) == [2]
        waiting = meanwhile(_take)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        transaction.set_rollback(True)
    assert waiting.result(timeout=30) == [2]


def take_some(times: int, undo: int) -> list[int]:
    """Takes numbers one to three at a time; every `undo`-th time it is undone."""
    taken: list[int] = []
    for n in range(times):
        taken += retrying(lambda n=n: _taken(1 + n % 3, undone=n % undo == 0))  # type: ignore[misc]
    return taken


def _taken(count: int, *, undone: bool) -> list[int]:
    with atomic():
        numbers = numbering.take(seller=Seller.objects.get(), kind="invoice", count=count)
        transaction.set_rollback(undone)
    return [] if undone else numbers


def test_processes_at_once_that_also_fail_leave_no_gap_and_no_double() -> None:
    """Nobody has taken a number before: the first one is everybody's, too (invariant I7)."""
    several = at_once(take_some, *({"times": 30, "undo": undo} for undo in (2, 3, 5, 7)))
    taken = sorted(number for one in several for number in one)
    assert taken == list(range(1, len(taken) + 1))
    assert Series.objects.get().last == len(taken) > 100
    assert all(one == sorted(one) for one in several)


@pytest.mark.parametrize(
    ("series", "sequence", "written"),
    [
        ("INV-{number:06}", 1, "INV-000001"),
        ("INV-{number:06}", 12345678, "INV-12345678"),
        ("{number}", 7, "7"),
        ("R{number:04d}/26", 42, "R0042/26"),
    ],
)
def test_how_a_number_is_written(seller: Seller, series: str, sequence: int, written: str) -> None:
    seller.series = series
    assert numbering.written(seller=seller, sequence=sequence) == written
