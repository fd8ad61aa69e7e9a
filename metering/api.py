"""The REST edge: taking events in, and reading usage."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from typing import Any, NoReturn

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response

from core.access import authentication
from core.access.scope import tenant_scope
from core.access.views import TenantView
from core.db.gate import GateBusy
from core.errors import InvalidValue
from core.models import ApiKey
from core.money import format_pico
from core.period import local_midnight, zone_named
from core.problems import MEDIA_TYPE, document, problem
from customers import selectors as customers
from customers.models import Customer
from metering import cloudevents, incoming, selectors, services
from metering.aggregation import Aggregation
from metering.models import Batch, Meter
from metering.requests import RequestRefused, events_of
from metering.selectors import Usage

_SCOPE = "events:write"
_RETRY_SECONDS = "2"


@csrf_exempt
def ingest_view(request: HttpRequest) -> HttpResponseBase:
    """POST /v1/events: 200 with an outcome for each event whenever the request could be read."""
    try:
        return _ingest(request)
    except RequestRefused as refusal:
        return problem(refusal.status, refusal.problem, refusal.detail)
    except (OperationalError, InterfaceError):
        response = problem(503, "unavailable", "The database can't take events now; send the same request again.")
        response["Retry-After"] = _RETRY_SECONDS
        return response


def _ingest(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        response = problem(405, "method_not_allowed", "Send events with POST.")
        response["Allow"] = "POST"
        return response
    key = authentication.authenticate_key(request)
    if key is None:
        response = problem(401, "not_authenticated", "Send a live API key as Authorization: Bearer or X-API-Key.")
        response["WWW-Authenticate"] = "Bearer"
        return response
    if _SCOPE not in key.scopes:
        return problem(403, "permission_denied", f"This key lacks the scope {_SCOPE}.")
    return _take_in(request, key)


def _take_in(request: HttpRequest, key: ApiKey) -> HttpResponse:
    body, events = events_of(request)
    with tenant_scope(key.tenant_id):
        receipt = services.ingest(
            [incoming.read(event) for event in events],
            actor=authentication.actor_of(key),
            kind=Batch.Kind.HTTP,
            request_digest=sha256(body).digest(),
        )
    named = {name: getattr(receipt, name) for name in receipt.__struct_fields__ if name != "number"}
    return HttpResponse(msgspec.json.encode(named), content_type="application/json")


class UsageView(TenantView):
    """GET /v1/usage: what a customer used of a meter from `start` up to `end`."""

    required_scope = "usage:read"
    parameters = frozenset({"customer", "meter", "start", "end", "group"})

    def get(self, request: Request) -> Response:
        try:
            return Response(_usage(request))
        except GateBusy as busy:
            body = document(503, busy.code, busy.detail)
            headers = {"Retry-After": _RETRY_SECONDS}
            return Response(body, status=503, content_type=MEDIA_TYPE, headers=headers)


def _usage(request: Request) -> dict[str, Any]:
    customer = customers.customer(_parameter(request, "customer"))
    meter = selectors.meter_by_key(_parameter(request, "meter"))
    start, end = (_instant(_parameter(request, name), customer, field=name) for name in ("start", "end"))
    grouped = request.query_params.get("group", "false").lower() not in ("false", "0", "no")
    usage = selectors.customer_usage(customer=customer, meter=meter, start=start, end=end, grouped=grouped)
    return {
        "customer": customer.key,
        "meter": meter.key,
        "aggregation": meter.aggregation,
        "unit": meter.unit,
        "start": _text(start),
        "end": _text(end),
        "watermark": usage.watermark,
        "usage": _presented(usage, meter, grouped=grouped),
    }


def _presented(usage: Usage, meter: Meter, *, grouped: bool) -> list[dict[str, Any]]:
    if not usage.by_dimensions and not (grouped and meter.group_by):
        nothing = Aggregation(meter.aggregation).of_nothing
        return [{"dimensions": {}, "quantity": None if nothing is None else format_pico(nothing), "count": 0}]
    ordered = sorted(
        usage.by_dimensions.items(), key=lambda one: [(text is not None, text or "") for _, text in one[0]]
    )
    return [
        {"dimensions": dict(dimensions), "quantity": format_pico(value.quantity), "count": value.count}
        for dimensions, value in ordered
    ]


def _parameter(request: Request, name: str) -> str:
    value: str = request.query_params.get(name, "")
    return value or _missing(name)


def _missing(name: str) -> NoReturn:
    raise InvalidValue("is required", field=name)


def _instant(text: str, customer: Customer, *, field: str) -> datetime:
    """An instant with its offset, or a calendar day: its first instant in the customer's zone."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return cloudevents.instant(text, field=field)
    return local_midnight(day, zone_named(customer.time_zone))


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
