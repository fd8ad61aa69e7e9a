"""What an HTTP request for ingest holds: bounded before it is read, then cut into events."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.request import UnreadablePostError

from core.errors import Refusal
from metering.bodies import array_items
from metering.jsontext import DuplicateKey, UnreadableJson, UnstorableText, decode

MAX_EVENTS = 1_000
MAX_BYTES = 5 * 1024 * 1024
#: How much of a refused body is thrown away, so that its sender reads our answer instead of a broken connection.
_DRAINED_BYTES = 64 * 1024 * 1024
_CHUNK = 64 * 1024
_EVENT = "application/cloudevents+json"
_BATCH = "application/cloudevents-batch+json"
_EITHER = "application/json"


class RequestRefused(Refusal):
    """The request as a whole can't be read: answered with an HTTP status and the problem's own code."""

    code = "request_refused"

    def __init__(self, status: int, problem: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.problem = problem


def events_of(request: HttpRequest) -> tuple[bytes, list[bytes]]:
    """(body, the JSON text of each event in it). Raises RequestRefused with status 400, 413 or 415."""
    kind = _media_type(request)
    body = _body(request)
    try:
        events = _items(body, kind)
    except UnreadableJson as refusal:
        raise RequestRefused(400, refusal.code, f"The body {refusal.detail}.") from refusal
    if len(events) > MAX_EVENTS:
        raise RequestRefused(413, "too_many_events", f"{len(events)} events; send at most {MAX_EVENTS} in a request.")
    return body, events


def _items(body: bytes, kind: str) -> list[bytes]:
    array = body.lstrip(b" \t\r\n")[:1] == b"["
    if kind != _EITHER and array != (kind == _BATCH):
        raise UnreadableJson(f"holds {'an array' if array else 'no array'}, and is sent as {kind}")
    return array_items(body) if array else [_one(body)]


def _one(body: bytes) -> bytes:
    """The body itself, where it is JSON; what else is wrong with the event is told as its outcome."""
    try:
        readable = isinstance(decode(body), dict)
    except (DuplicateKey, UnstorableText):
        readable = True
    if not readable:
        raise UnreadableJson("holds neither an event nor an array of events")
    return body


def _media_type(request: HttpRequest) -> str:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestRefused(415, "unsupported_encoding", "Send the body without Content-Encoding.")
    kind = (request.content_type or "").lower()
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if kind not in (_EVENT, _BATCH, _EITHER) or charset != "utf-8":
        raise RequestRefused(415, "unsupported_media_type", f"Send {_EVENT}, {_BATCH} or {_EITHER}, in UTF-8.")
    return kind


def _body(request: HttpRequest) -> bytes:
    stream = _stream(request)
    if _length(request) > MAX_BYTES:
        _drain(stream)
        raise _too_large()
    try:
        body: bytes = stream.read(MAX_BYTES + 1)
    except (UnreadablePostError, OSError) as error:
        raise RequestRefused(400, "incomplete", "The connection ended within the body.") from error
    if len(body) > MAX_BYTES:
        _drain(stream)
        raise _too_large()
    if len(body) < _length(request):
        raise RequestRefused(400, "incomplete", "The body is shorter than its Content-Length.")
    return body


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isdigit() else 0


def _stream(request: HttpRequest) -> Any:
    """Where the body comes from. Django gives a chunked body no length and would read none of it."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower() and "wsgi.input" in request.META:
        return request.META["wsgi.input"]
    return request


def _drain(stream: Any) -> None:
    for _ in range(_DRAINED_BYTES // _CHUNK):
        try:
            if not stream.read(_CHUNK):
                return
        except (UnreadablePostError, OSError):
            return


def _too_large() -> RequestRefused:
    return RequestRefused(413, "too_large", f"Send at most {MAX_BYTES} bytes in a request.")
