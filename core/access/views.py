"""What all endpoints of the REST API share: the tenant of the key, and query parameters by allow-list."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar, cast

from django.http import HttpRequest, HttpResponseBase
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from core.access.scope import tenant_scope
from core.errors import InvalidValue
from core.models import ApiKey


class UnknownParameter(exceptions.APIException):
    """A query parameter that the endpoint doesn't know, or one that is given twice."""

    status_code = 400
    default_code = "unknown_parameter"

    def __init__(self, detail: str, *, field: str) -> None:
        super().__init__(detail)
        self.field = field


class OneRepresentation(BaseContentNegotiation):
    """Each address has one representation, whatever the request's Accept header prefers."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class TenantView(APIView):
    """An endpoint of the tenant whose key is presented: nothing else in the request can name another.

    Subclasses set `required_scope`, without which nobody passes, and the query `parameters` that they read.
    """

    required_scope: ClassVar[str | None] = None
    parameters: ClassVar[frozenset[str]] = frozenset()
    content_negotiation_class = OneRepresentation
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]  # noqa: RUF012 - Django's own attribute

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._inside:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After the key is checked: enters its tenant's scope, and refuses what the endpoint can't read."""
        super().initial(request, *args, **kwargs)
        self._inside.enter_context(tenant_scope(cast(ApiKey, request.auth).tenant_id))
        for name, values in request.query_params.lists():
            self._require_known(name, values)
        if any("\x00" in value for value in kwargs.values() if isinstance(value, str)):
            raise exceptions.NotFound

    def _require_known(self, name: str, values: list[Any]) -> None:
        if name not in self.parameters:
            known = f"choose from {', '.join(sorted(self.parameters))}" if self.parameters else "there are none here"
            raise UnknownParameter(f"There is no parameter {name[:60]!r}: {known}.", field=name[:60])
        if len(values) > 1:
            raise UnknownParameter(f"The parameter {name!r} is given {len(values)} times.", field=name)
        if "\x00" in values[0]:
            raise InvalidValue("holds a NUL character", field=name)
