"""Refusals as problem details (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions

from core import audit
from core.errors import InvalidValue, NotFound, Refusal
from core.problems import document, exception_handler, of_refusal, problem


class TooLate(Refusal):
    code = "too_late"


def test_a_problem_has_a_code_for_programs_and_a_sentence_for_people() -> None:
    assert document(422, "too_late", "The day is over.", field="on", facts={"day": 3}) == {
        "type": "about:blank",
        "title": "Too late",
        "status": 422,
        "code": "too_late",
        "detail": "The day is over.",
        "request_id": "",
        "field": "on",
        "facts": {"day": "3"},
    }


def test_what_there_is_not_is_left_out() -> None:
    assert document(404, "not_found", "Nothing.").keys() == {"type", "title", "status", "code", "detail", "request_id"}


def test_the_response_is_a_problem_document_with_the_requests_id() -> None:
    token = audit.request_id.set("req-12345678")
    try:
        response = problem(413, "too_large", "At most 5 MB.")
    finally:
        audit.request_id.reset(token)
    assert (response.status_code, response.headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(response.content)["request_id"] == "req-12345678"


@pytest.mark.parametrize(
    ("refusal", "status"), [(NotFound("no"), 404), (InvalidValue("no"), 422), (TooLate("no"), 422)]
)
def test_a_refusal_is_the_callers_to_mend(refusal: Refusal, status: int) -> None:
    found, body = of_refusal(refusal)
    assert (found, body["code"], body["status"]) == (status, refusal.code, status)


@pytest.mark.parametrize(
    ("error", "status", "code", "headers"),
    [
        (TooLate("no", field="on"), 422, "too_late", {}),
        (NotFound("no"), 404, "not_found", {}),
        (Http404("secret path"), 404, "not_found", {}),
        (exceptions.NotAuthenticated(), 401, "not_authenticated", {"WWW-Authenticate": "Bearer"}),
        (exceptions.AuthenticationFailed("x"), 401, "not_authenticated", {"WWW-Authenticate": "Bearer"}),
        (exceptions.PermissionDenied(), 403, "permission_denied", {}),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed", {}),
        (OperationalError("password=hunter2"), 503, "unavailable", {"Retry-After": "2"}),
        (InterfaceError("gone"), 503, "unavailable", {"Retry-After": "2"}),
    ],
)
def test_whatever_an_endpoint_raises_is_told_as_a_problem(
    error: Exception, status: int, code: str, headers: dict[str, str]
) -> None:
    """Nothing of the server's inside is told: an error of the database or a path is only logged."""
    response = exception_handler(error, {})
    assert response is not None
    body: Any = response.data
    assert (response.status_code, body["status"], body["code"], response.content_type) == (
        status,
        status,
        code,
        "application/problem+json",
    )
    assert {name: response.headers.get(name) for name in ("WWW-Authenticate", "Retry-After") if name in response} == (
        headers
    )
    assert not {"hunter2", "secret"} & set(str(body).replace("=", " ").split())


def test_a_bug_is_nobodys_refusal() -> None:
    """It is left to Django: a 500 without details."""
    assert exception_handler(RuntimeError("bug"), {}) is None
