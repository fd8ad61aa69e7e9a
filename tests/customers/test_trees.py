"""Locking trees, and numbering the facts about them."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.db.transaction import atomic
from core.errors import NotFound
from core.models import new_id
from customers import trees
from customers.models import Customer, Tree
from tests.metering.crowd import meanwhile
from tests.support import world
from tests.support.processes import at_once
from tests.support.undoing import undone
from tests.support.world import instant

AT, MARCH = instant("2026-01-01"), instant("2026-03-01")
pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture
def tree() -> Tree:
    world.apply({"customers": [world.customer(), world.customer("c-02")]})
    return Customer.objects.get(key="c-01").tree


def _mark(tree: Tree, cause: str = "test") -> int:
    return trees.mark(trees.lock_one(tree.id), earliest_at=MARCH, cause=cause, at=AT)


def _numbers(tree: Tree) -> list[int]:
    return list(tree.marks.order_by("number").values_list("number", flat=True))


def test_facts_are_numbered_without_gap_from_the_customers_creation(tree: Tree) -> None:
    """Creating it is the first, claiming its subject the second; one undone takes no number."""
    with atomic():
        assert _mark(tree) == 3
    with undone():
        assert _mark(tree) == 4
    with atomic():
        assert _mark(tree, "again") == 4
    assert (_numbers(tree), Tree.objects.get(pk=tree.id).last_fact) == ([1, 2, 3, 4], 4)
    assert tree.marks.filter(number=4).values_list("cause", "earliest_at", "at").get() == ("again", MARCH, AT)


def test_a_mark_is_written_under_the_trees_lock_only(tree: Tree) -> None:
    with pytest.raises(RuntimeError, match="under the tree's lock"):
        trees.mark(tree, earliest_at=AT, cause="test", at=AT)
    assert _numbers(tree) == [1, 2]


def mark_several(tree_id: str, times: int) -> list[int]:
    numbers = []
    for _ in range(times):
        with atomic():
            locked = trees.lock_one(UUID(tree_id))
            numbers.append(trees.mark(locked, earliest_at=AT, cause="process", at=AT))
    return numbers


def test_processes_at_once_number_their_facts_without_gap(tree: Tree) -> None:
    call = {"tree_id": str(tree.id), "times": 20}
    one, other = at_once(mark_several, call, call)
    assert sorted([*one, *other]) == list(range(3, 43))
    assert (_numbers(tree), Tree.objects.get(pk=tree.id).last_fact) == (list(range(1, 43)), 42)


def test_a_locked_tree_makes_others_wait(tree: Tree) -> None:
    def lock() -> int:
        with atomic():
            return trees.lock_one(tree.id).last_fact

    with atomic():
        _mark(tree)
        waiting = meanwhile(lock)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
    assert waiting.result(timeout=30) == 3


def test_trees_are_locked_in_the_order_of_their_ids_each_once(tree: Tree) -> None:
    """So that two that lock the same ones can't wait for each other."""
    other = Customer.objects.get(key="c-02").tree
    with atomic():
        assert list(trees.lock([other.id, tree.id, other.id])) == sorted([tree.id, other.id])


def test_a_tree_that_there_is_not_is_told(tree: Tree) -> None:
    with pytest.raises(NotFound), atomic():
        trees.lock([tree.id, new_id()])
