"""Reads about who may go where."""

from __future__ import annotations

from typing import Any

from core.access import scope
from core.models import Membership, Tenant


def tenants_of(user: Any) -> list[Tenant]:
    """The tenants that an operator is a member of, by name."""
    with scope._every_tenant():  # noqa: SLF001 - the operator's own memberships say which tenants are theirs
        ids = list(Membership.objects.filter(user=user).values_list("tenant_id", flat=True))
    return list(Tenant.objects.filter(pk__in=ids).order_by("name", "key"))
