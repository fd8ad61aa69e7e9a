"""The console as a whole: who is let in, in which tenant they work, and its first page."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from unfold.sites import UnfoldAdminSite

from core.access import permissions
from core.access.middleware import TENANT_IN_SESSION
from core.access.selectors import tenants_of
from core.console import addresses, panels
from core.console.shown import instant
from core.models import Tenant

#: Accounts of people span tenants: they are made by a command, and shown nowhere.
_NOT_SHOWN = frozenset({"auth"})


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """Django's admin site for members of a tenant."""

    index_title = "Overview"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        shown = [model for model in models if model._meta.app_label not in _NOT_SHOWN]
        super().register(shown, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_permission(request)) and permissions.may(request, "console.read")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """Asks people to sign in; those who are signed in and belong nowhere are told so."""
        if request.user.is_authenticated and not self.has_permission(request):
            context = {**self.each_context(request), "title": "No access yet"}
            return render(request, "console/no_access.html", context, status=403)
        answer: HttpResponseBase = super().login(request, extra_context)
        return answer

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("switch/", self.admin_view(require_POST(self.switch)), name="switch"),
            path("leave/", never_cache(require_POST(self.leave)), name="leave"),
            *(path(route, self.admin_view(view), name=name) for route, view, name in addresses.pages()),
        ]

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Every kind of record that an app keeps."""
        named = {"title": str(apps.get_app_config(app_label).verbose_name)} if app_label in apps.app_configs else {}
        page: HttpResponseBase = super().app_index(request, app_label, {**named, **(extra_context or {})})
        return page

    def switch(self, request: HttpRequest) -> HttpResponse:
        """Goes on in another of the operator's tenants."""
        chosen = request.POST.get("tenant", "")
        if chosen not in {str(tenant.id) for tenant in tenants_of(request.user)}:
            raise Http404
        request.session[TENANT_IN_SESSION] = chosen
        return HttpResponseRedirect(reverse("admin:index"))

    def leave(self, request: HttpRequest) -> HttpResponse:
        """Signs out, also those who are not let in."""
        logout(request)
        return HttpResponseRedirect(reverse("admin:index"))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        membership = permissions.membership_of(request)
        if membership is not None:
            tenants = tenants_of(request.user)
            context["tenants"] = tenants
            context["tenant"] = next(one for one in tenants if one.id == membership.tenant_id)
            context["role"] = membership.role
        return context

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        context = {
            "cards": panels.cards(request),
            "panels": panels.rendered("overview", request, None),
            **(extra_context or {}),
        }
        page: HttpResponseBase = super().index(request, context)
        return page


def environment(request: HttpRequest) -> list[str] | None:
    """What stands at the top of each page: a sandbox and its clock."""
    membership = permissions.membership_of(request)
    tenant = Tenant.objects.filter(pk=membership.tenant_id).first() if membership else None
    if tenant is None or tenant.clock_at is None:
        return None
    return [f"Sandbox · {instant(tenant.clock_at)}", "warning"]
