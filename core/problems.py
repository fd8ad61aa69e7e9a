"""Refusals as problem details (RFC 9457), with a stable code and the request's id."""

from __future__ import annotations

import logging
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from core import audit
from core.errors import NotFound, Refusal

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "2"


def problem(
    status: int, code: str, detail: str, *, field: str | None = None, facts: dict[str, Any] | None = None
) -> JsonResponse:
    """The response for one refusal; `type` is about:blank, `code` is for programs."""
    body = document(status, code, detail, field=field, facts=facts)
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def document(
    status: int, code: str, detail: str, *, field: str | None = None, facts: dict[str, Any] | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": audit.request_id.get(),
    }
    if field:
        body["field"] = field
    if facts:
        body["facts"] = {name: str(value) for name, value in facts.items()}
    return body


def of_refusal(refusal: Refusal) -> tuple[int, dict[str, Any]]:
    status = 404 if isinstance(refusal, NotFound) else 422
    return status, document(status, refusal.code, refusal.detail, field=refusal.field, facts=refusal.facts)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: every error that an endpoint raises, as a problem document."""
    if isinstance(error, Refusal):
        status, body = of_refusal(error)
    elif isinstance(error, Http404):
        status, body = 404, document(404, "not_found", "Nothing of that name here.")
    elif isinstance(error, exceptions.APIException):
        status = error.status_code
        code = error.default_code if isinstance(error.default_code, str) else "error"
        if isinstance(error, exceptions.AuthenticationFailed):
            code = exceptions.NotAuthenticated.default_code
        body = document(status, code, str(error.detail), field=getattr(error, "field", None))
    elif isinstance(error, OperationalError | InterfaceError):
        logger.error("the database does not answer: %s", error)
        status, body = 503, document(503, "unavailable", "The database can't answer now; send the same request again.")
    else:
        return None
    response = Response(body, status=status, content_type=MEDIA_TYPE)
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response
