"""What is answered where no view is reached, or one fails: problem documents to programs, pages to people."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults

from core.problems import RETRY_SECONDS, problem

_FOR_PROGRAMS = ("/v1/", "/healthz")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_program(request):
        return problem(400, "bad_request", "The request can't be read.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_program(request):
        return problem(403, "permission_denied", "This is not yours to do.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    if _is_program(request):
        return problem(404, "not_found", "There is nothing at this address.")
    return defaults.page_not_found(request, exception or Exception())


def server_error(request: HttpRequest) -> HttpResponseBase:
    if _is_program(request):
        return problem(500, "internal_error", "Something went wrong on our side; it is logged under the request id.")
    return defaults.server_error(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """GET /healthz: 200 where the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        response = problem(503, "unavailable", "The database does not answer.")
        response["Retry-After"] = RETRY_SECONDS
        return response
    return JsonResponse({"status": "ok"})


def _is_program(request: HttpRequest) -> bool:
    return request.path.startswith(_FOR_PROGRAMS)
