"""API keys on requests, and the scope that each view asks for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.access import services
from core.actor import Actor
from core.models import ApiKey


def presented_key(request: HttpRequest) -> str | None:
    """The key from `Authorization: Bearer` or `X-API-Key`."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and text.strip():
        return text.strip()
    return request.headers.get("X-API-Key") or None


def authenticate_key(request: HttpRequest) -> ApiKey | None:
    """The live key that the request presents, or None."""
    text = presented_key(request)
    return services.api_key_of(text) if text else None


def actor_of(key: ApiKey) -> Actor:
    return Actor(kind="api_key", name=key.prefix)


class ApiKeyAuthentication(BaseAuthentication):
    """Refuses requests without a live key."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey]:
        key = authenticate_key(request._request)  # noqa: SLF001 - the plain request beneath DRF's
        if key is None:
            raise AuthenticationFailed("send a live API key as Authorization: Bearer or X-API-Key")
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """Lets a request pass whose key has the view's `scope`; a view without one lets nobody pass."""

    def has_permission(self, request: Request, view: Any) -> bool:
        wanted = getattr(view, "required_scope", None)
        return wanted is not None and isinstance(request.auth, ApiKey) and wanted in request.auth.scopes
