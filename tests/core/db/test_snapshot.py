"""One moment of the books, whatever others write meanwhile."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from core.db.snapshot import snapshot
from core.db.transaction import atomic
from core.models import new_id
from customers.models import Tree
from tests.metering.crowd import meanwhile

pytestmark = pytest.mark.usefixtures("fresh_books")


def _plant() -> None:
    Tree.objects.create(id=new_id())


def test_what_others_commit_meanwhile_is_not_seen() -> None:
    with snapshot():
        before = Tree.objects.count()
        meanwhile(_plant).result(timeout=30)
        assert Tree.objects.count() == before
    assert Tree.objects.count() == before + 1


def test_nothing_can_be_written_inside() -> None:
    with pytest.raises(DatabaseError), snapshot():
        _plant()
    _plant()


def test_inside_a_transaction_it_goes_on_with_that_one() -> None:
    with atomic():
        _plant()
        with snapshot():
            assert Tree.objects.count() == 1
            _plant()
    assert Tree.objects.count() == 2
