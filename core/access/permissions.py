"""Who may do what in the console: permissions named after operations, and the roles that hold them."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest

from core.models import Membership
from core.models.access import Role

_PERMISSIONS: Mapping[str, frozenset[str]] = {
    "console.read": frozenset(Role.values),
    "api_key.revoke": frozenset({Role.OWNER, Role.ENGINEER}),
    "period.close": frozenset({Role.OWNER, Role.FINANCE}),
    "period.reopen": frozenset({Role.OWNER}),
    "quarantine.resolve": frozenset({Role.OWNER, Role.FINANCE, Role.SUPPORT, Role.ENGINEER}),
}


def membership_of(request: HttpRequest) -> Membership | None:
    """The operator's membership in the tenant that they work in."""
    found: Membership | None = getattr(request, "membership", None)
    return found


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the operator's role holds the permission; nobody holds one that isn't listed."""
    membership = membership_of(request)
    return membership is not None and membership.role in _PERMISSIONS.get(permission, frozenset())
