"""What pages of the console may load and who may frame them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

_CONSOLE = "/console/"
#: Alpine evaluates its attributes, and unfold styles inline; everything comes from here and goes nowhere else.
_POLICY = (
    "default-src 'none'; "
    "script-src 'self' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; "
    "font-src 'self'; "
    "connect-src 'self'; "
    "frame-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'"
)


class ContentPolicyMiddleware:
    """Sets the console's Content-Security-Policy where a view has not set a stricter one of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith(_CONSOLE):
            response.headers.setdefault("Content-Security-Policy", _POLICY)
            response.headers.setdefault("Cache-Control", "no-store")
        return response
