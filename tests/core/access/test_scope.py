"""Whose books a piece of work may see."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from django.apps import apps

from core.access import scope
from core.access.scope import TenantScopeMissing, tenant_scope
from core.models import ApiKey, Tenant, TenantModel
from tests.support.tenants import another_tenant
from tests.support.world import instant

MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)]
ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_row_of_a_tenant_is_found_outside_a_scope(model: type[TenantModel]) -> None:
    """Forgetting to say whose rows is a bug that raises, in every table."""
    with pytest.raises(TenantScopeMissing):
        model.objects.all()


@pytest.mark.parametrize("asking", [scope.current, scope.tenant_id, ApiKey])
def test_nobodys_tenant_is_guessed_outside_a_scope(asking: Callable[[], object]) -> None:
    assert scope.tenant_or_none() is None
    with pytest.raises(TenantScopeMissing):
        asking()


def test_the_innermost_scope_counts_and_ends_with_its_block() -> None:
    with tenant_scope(ONE):
        with tenant_scope(OTHER):
            assert (scope.tenant_id(), scope.current(), scope.tenant_or_none()) == (OTHER, OTHER, OTHER)
        assert scope.tenant_id() == ONE
        with pytest.raises(ZeroDivisionError), tenant_scope(OTHER):
            raise ZeroDivisionError
        assert scope.tenant_id() == ONE
    assert scope.tenant_or_none() is None


def test_every_tenant_is_no_tenant_to_write_for() -> None:
    with scope._every_tenant():
        assert (scope.current(), scope.tenant_or_none()) == (scope.EVERY, None)
        with pytest.raises(TenantScopeMissing):
            scope.tenant_id()
        with pytest.raises(TenantScopeMissing):
            ApiKey()


def test_a_thread_does_not_inherit_the_scope_of_whoever_started_it() -> None:
    seen: list[UUID | None] = []
    with tenant_scope(ONE):
        thread = threading.Thread(target=lambda: seen.append(scope.tenant_or_none()))
        thread.start()
        thread.join()
    assert seen == [None]


def _key() -> ApiKey:
    key: ApiKey = ApiKey.objects.create(digest=secrets.token_hex(32), prefix="dbk", created_at=instant("2026-01-01"))
    return key


def test_two_tenants_do_not_see_each_others_rows(books: Tenant) -> None:
    """What is written belongs to the tenant in scope; reads, counts and changes stop at its border."""
    mine = _key()
    with another_tenant() as other:
        theirs = _key()
        assert list(ApiKey.objects.all()) == [theirs]
        assert not ApiKey.objects.filter(pk=mine.pk).exists()
        assert ApiKey.objects.filter(pk=mine.pk).update(prefix="taken") == 0
    assert (mine.tenant_id, theirs.tenant_id) == (books.id, other.id)
    assert list(ApiKey.objects.values_list("pk", "prefix")) == [(mine.pk, "dbk")]
    with scope._every_tenant():
        assert ApiKey.objects.filter(pk__in=[mine.pk, theirs.pk]).count() == 2
