"""Whose books a piece of work may see.

Every request, job and command runs inside `tenant_scope`. A query of a tenant's rows without one is
a bug and raises; `every_tenant` is the only way across, and is audited.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

EVERY: Final = "every"
_scope: ContextVar[UUID | str | None] = ContextVar("tenant_scope", default=None)


class TenantScopeMissing(RuntimeError):
    """A tenant's rows were asked for without saying whose: a bug in the program."""


@contextmanager
def tenant_scope(tenant_id: UUID) -> Iterator[None]:
    """All queries and writes inside concern this tenant."""
    token = _scope.set(tenant_id)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def _every_tenant() -> Iterator[None]:
    token = _scope.set(EVERY)
    try:
        yield
    finally:
        _scope.reset(token)


def current() -> UUID | str:
    """The tenant in scope, or EVERY. Raises TenantScopeMissing outside any scope."""
    value = _scope.get()
    if value is None:
        raise TenantScopeMissing("no tenant in scope: wrap the work in tenant_scope()")
    return value


def tenant_id() -> UUID:
    """The one tenant in scope. Raises TenantScopeMissing where there is none or all."""
    value = current()
    if not isinstance(value, UUID):
        raise TenantScopeMissing("this needs one tenant, and the scope is every tenant")
    return value


def tenant_or_none() -> UUID | None:
    value = _scope.get()
    return value if isinstance(value, UUID) else None
