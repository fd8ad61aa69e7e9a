"""Transactions that carry their tenant."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection, transaction

from core.access import scope
from core.access.scope import tenant_scope
from core.db.transaction import atomic
from core.models import Tenant
from customers.models import Subject
from tests.support.undoing import undone

OTHER = UUID(int=2)
told = pytest.mark.postgresql("only its row-level security is told the tenant")


@pytest.fixture
def mine(fresh_books: Tenant) -> str:
    return str(fresh_books.id)


def _told() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('daybook.tenant', true), current_setting('transaction_isolation')")
        tenant, isolation = cursor.fetchone()
    assert isolation == "read committed"
    return tenant or ""


@told
def test_the_database_is_told_whose_rows_it_may_see_until_the_transaction_ends(mine: str) -> None:
    with atomic():
        assert _told() == mine
    assert _told() == ""


@told
def test_within_a_transaction_the_innermost_scope_counts_and_ends_with_its_block(mine: str) -> None:
    with atomic():
        with tenant_scope(OTHER), atomic():
            assert _told() == str(OTHER)
        assert _told() == mine
        with atomic():
            assert _told() == mine


@told
def test_a_block_without_a_tenant_leaves_the_one_before_it(mine: str) -> None:
    """Whoever looks at all tenants is shown the same rows still, and so is whoever comes after."""
    with atomic():
        with scope._every_tenant(), atomic():
            with tenant_scope(OTHER), atomic():
                assert _told() == str(OTHER)
            assert _told() == mine
        assert _told() == mine


@told
def test_a_block_that_is_undone_leaves_the_tenant_before_it(mine: str) -> None:
    with atomic():
        with tenant_scope(OTHER), undone(savepoint=True):
            assert _told() == str(OTHER)
        assert _told() == mine


@told
def test_without_a_scope_nobody_is_named(transactional_db: None) -> None:
    assert scope.tenant_or_none() is None
    with atomic():
        assert _told() == ""


def test_only_a_savepoint_lets_the_rest_go_on(mine: str) -> None:
    """Without one a failure inside fails the whole, even where somebody catches it."""
    with atomic():
        Subject.objects.create(name="kept")
        with undone(savepoint=True):
            Subject.objects.create(name="undone")
    assert list(Subject.objects.values_list("name", flat=True)) == ["kept"]

    with atomic():
        with undone():
            Subject.objects.create(name="undone")
        with pytest.raises(transaction.TransactionManagementError):
            Subject.objects.create(name="lost")


def test_a_durable_one_is_the_outermost(mine: str) -> None:
    with pytest.raises(RuntimeError, match="durable"), atomic(), atomic(durable=True):
        pass
