"""Each request gets an id; each operator's request gets the tenant that they work in."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from core import audit
from core.access import scope
from core.models import Membership, new_id

Handler = Callable[[HttpRequest], HttpResponseBase]
_USABLE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
TENANT_IN_SESSION = "tenant"


class RequestIdMiddleware:
    """Takes a proxy's X-Request-ID or makes one; audit rows, logs and problem documents carry it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        offered = request.headers.get("X-Request-ID", "")
        text = offered if _USABLE.fullmatch(offered) else new_id().hex
        token = audit.request_id.set(text)
        try:
            response = self.get_response(request)
        finally:
            audit.request_id.reset(token)
        response.headers["X-Request-ID"] = text
        return response


class OperatorTenantMiddleware:
    """Opens the scope of the tenant that a signed-in operator has chosen, or of their first."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        membership = self._membership(request)
        request.membership = membership  # type: ignore[attr-defined]
        if membership is None:
            return self.get_response(request)
        with scope.tenant_scope(membership.tenant_id):
            return self.get_response(request)

    def _membership(self, request: HttpRequest) -> Membership | None:
        if not request.user.is_authenticated:
            return None
        with scope._every_tenant():  # noqa: SLF001 - the operator's own memberships say which tenants are theirs
            own = list(Membership.objects.filter(user=request.user).order_by("id"))
        chosen = request.session.get(TENANT_IN_SESSION)
        return next((one for one in own if str(one.tenant_id) == chosen), own[0] if own else None)
