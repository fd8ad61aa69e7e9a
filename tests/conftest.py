"""The test kit: a database for each worker, and fresh books for each test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import Error

from core.access import services as access
from core.access.scope import tenant_scope
from core.actor import Actor
from core.models import Delivery, Tenant

# Imported where they are used: pytest wants to rewrite the asserts in plugins before anybody imports them.
pytest_plugins = [
    "tests.support.databases",
    "tests.support.choosing",
    "tests.support.vectors",
    "tests.support.verifying",
]

TESTER = Actor(kind="command", name="tests")
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


#: Python's own default, 700, looks for garbage after nearly every query.
_OBJECTS_BETWEEN_COLLECTIONS = 10_000


def pytest_collection_finish() -> None:
    """What was collected stays until the end: nobody need look there for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any, worker_id: str) -> Iterator[None]:
    """This worker's database: a clone of one that was migrated once for all workers. No test may cost it a guard."""
    from core.db import guards
    from tests.support import databases

    with django_db_blocker.unblock():
        name = f"test_{settings.DATABASES['default']['NAME']}_{worker_id}"
        databases.clone(name)
        databases.use(name)
    yield
    with django_db_blocker.unblock():
        assert list(guards.missing()) == []


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database, in place of pytest-django's fixture: there is nothing to flush, and the session goes on.

    A session begins with an empty head: making one for each test costs more than many tests themselves.
    """
    from tests.support import databases

    with django_db_blocker.unblock():
        yield
        databases.hand_on()


@pytest.fixture
def fresh_books(transactional_db: None) -> Iterator[Tenant]:
    """A sandbox tenant of the test's own, in scope; its clock stands at 1 January 2026."""
    tenant = access.open_tenant(
        key=f"t-{uuid4().hex[:12]}",
        name="Test books",
        kind="sandbox",
        actor=TESTER,
        clock_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    with tenant_scope(tenant.id):
        yield tenant
        # Nobody waits for its deliveries any more; a relay that another test starts would make them all first.
        with suppress(Error):
            Delivery.objects.filter(state=Delivery.State.PENDING).update(next_attempt_at=NEVER)


@pytest.fixture
def books(fresh_books: Tenant, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """The same, and they must verify when the test has passed, unless it is marked `corrupts`."""
    from tests.support.verifying import must_verify, verify_books

    yield fresh_books
    if must_verify(request.node):
        verify_books()


@pytest.fixture
def actor() -> Actor:
    return TESTER
