from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.test import Client, RequestFactory

from core.access import services as access
from core.access.scope import tenant_scope
from core.db import gate
from core.db.transaction import atomic
from core.models import ApiKey, Tenant
from customers import services as customers
from customers import subjects
from metering import api
from metering.models import Batch, Event, Quarantined
from metering.requests import MAX_BYTES
from metering.services import batches
from tests.metering.crowd import meanwhile
from tests.metering.samples import TESTER, document, meter, send, text

pytestmark = pytest.mark.usefixtures("fresh_books")

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
EITHER = "application/json"


@pytest.fixture
def key(fresh_books: Tenant) -> str:
    return access.create_api_key(scopes=["events:write", "usage:read"], actor=TESTER)


@pytest.fixture
def post(client: Client, key: str) -> Any:
    def send_body(body: bytes | str, kind: str = EITHER, **headers: str) -> Any:
        named = {"Authorization": f"Bearer {key}", **headers}
        return client.generic("POST", "/v1/events", body, content_type=kind, headers=named)

    return send_body


def body(*events: bytes) -> bytes:
    return b"[" + b",".join(events) + b"]"


def test_one_event_is_answered_with_its_outcome(post: Any) -> None:
    response = post(text("e-1"), ONE)
    assert response.status_code == 200
    batch = Batch.objects.get()
    none = {"code": None, "field": None, "detail": None}
    assert response.json() == {
        "batch": str(batch.pk),
        "accepted": 1,
        "duplicate": 0,
        "conflict": 0,
        "rejected": 0,
        "blocked": 0,
        "results": [{"index": 0, "source": "tests", "id": "e-1", "outcome": "accepted", **none}],
    }
    assert (batch.kind, batch.actor_kind) == ("http", "api_key")


def test_each_event_of_a_batch_has_an_outcome(post: Any) -> None:
    sent = body(text("1"), text("1"), text("1", subject="x"), text("2", time="now"), b"NaN", b"7", text("3"))
    response = post(sent, BATCH)
    assert response.status_code == 200
    answer = response.json()
    assert [result["outcome"] for result in answer["results"]] == [
        *("accepted", "duplicate", "conflict", "rejected", "rejected", "rejected", "accepted")
    ]
    assert [answer[name] for name in ("accepted", "duplicate", "conflict", "rejected", "blocked")] == [2, 1, 1, 3, 0]
    fourth = answer["results"][3]
    assert (fourth["index"], fourth["id"], fourth["code"], fourth["field"]) == (3, "2", "invalid_time", "time")
    assert fourth["detail"]


@pytest.mark.parametrize("kind", [EITHER, f"{EITHER}; charset=UTF-8"])
def test_plain_json_may_be_either(post: Any, kind: str) -> None:
    assert post(text("1"), kind).json()["accepted"] == 1
    assert post(body(text("2"), text("3")), kind).json()["accepted"] == 2
    assert post(b" [] ", kind).json()["results"] == []


@pytest.mark.parametrize(
    "sent, kind, code",
    [
        (b" ", EITHER, "invalid_json"),
        (b"{", EITHER, "invalid_json"),
        (b"7", EITHER, "invalid_json"),
        (b'"text"', EITHER, "invalid_json"),
        (b'{"a": NaN}', ONE, "invalid_json"),
        (b'{"a": "\xff"}', ONE, "invalid_json"),
        (b"[", BATCH, "invalid_json"),
        (body(text("1"))[:-5], BATCH, "invalid_json"),
        (body(text("1")), ONE, "invalid_json"),
        (text("1"), BATCH, "invalid_json"),
        (b"[" * 100_000, EITHER, "too_deep"),
        (b'{"data":' * 100_000, ONE, "too_deep"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_request_that_cannot_be_read_is_a_problem(post: Any, sent: bytes, kind: str, code: str) -> None:
    response = post(sent, kind)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["code"] == code
    assert response.json()["detail"]
    assert not Batch.objects.exists()


VALUES = [
    (b'"NaN"', "invalid_amount"),
    (b"1e400", "invalid_amount"),
    (b"1e400000000", "invalid_amount"),
    (b"-0", "invalid_amount"),
    (b'"-0.0"', "invalid_amount"),
    (b"0.1234567890123", "invalid_amount"),
    (b"9" * 39, "invalid_amount"),
    (b'"1_000"', "invalid_amount"),
    (b"true", "invalid_amount"),
    (b"[1]", "invalid_amount"),
    (b"null", "missing_value"),
]


@pytest.mark.parametrize("value, code", VALUES, ids=repr)
def test_a_value_that_a_meter_cannot_read_names_its_field(post: Any, value: bytes, code: str) -> None:
    """Everything good in the request is kept."""
    meter()
    response = post(body(text("1"), text("2").replace(b"5}", value + b"}"), text("3")))
    assert response.status_code == 200
    refused = response.json()["results"][1]
    assert (refused["outcome"], refused["code"], refused["field"]) == ("rejected", code, "data.tokens")
    assert Event.objects.count() == 2
    assert Quarantined.objects.get().field == "data.tokens"


def test_a_single_event_with_a_nul_is_kept_in_the_quarantine(post: Any) -> None:
    response = post(text("1", subject="a\x00"), ONE)
    assert response.json()["results"][0]["code"] == "invalid_text"
    assert bytes(Quarantined.objects.get().body) == text("1", subject="a\x00")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "application/json; charset=latin-1"])
def test_other_media_types_are_refused(post: Any, kind: str) -> None:
    response = post(text("1"), kind)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_a_compressed_body_is_refused(post: Any) -> None:
    assert post(b"\x1f\x8b", **{"Content-Encoding": "gzip"}).status_code == 415


def test_too_many_events_are_refused(post: Any) -> None:
    response = post(body(*[b"1"] * 1_001))
    assert (response.status_code, response.json()["code"]) == (413, "too_many_events")
    assert not Batch.objects.exists()


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 60 * 1024 * 1024])
def test_a_body_that_is_too_large_is_refused(post: Any, size: int) -> None:
    response = post(b"[" + b" " * (size - 2) + b"]")
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_the_largest_body_is_taken(post: Any) -> None:
    assert post(b"[" + b" " * (MAX_BYTES - 2) + b"]").status_code == 200


class Endless(io.RawIOBase):
    """A chunked body that does not end; remembers how much of it was read."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        self.taken += size
        return b" " * size


def direct(key: str, stream: Any, **environment: str) -> Any:
    """The answer to a request as a server hands it over."""
    own = {"wsgi.input": stream, "CONTENT_TYPE": ONE, "HTTP_X_API_KEY": key, **environment}
    return api.ingest_view(RequestFactory().generic("POST", "/v1/events", **own))


def test_a_chunked_body_is_bounded_while_it_is_read(key: str) -> None:
    """Fault A7: it says no length beforehand."""
    endless = Endless()
    assert direct(key, endless, HTTP_TRANSFER_ENCODING="chunked").status_code == 413
    assert endless.taken < 80 * 1024 * 1024


def test_a_chunked_body_is_read(key: str) -> None:
    assert direct(key, io.BytesIO(text("1")), HTTP_TRANSFER_ENCODING="chunked").status_code == 200
    assert Event.objects.count() == 1


def test_a_body_that_breaks_off_is_refused(key: str) -> None:
    """Fault A16."""
    response = direct(key, io.BytesIO(text("1")), CONTENT_LENGTH="9999")
    assert (response.status_code, json.loads(response.content)["code"]) == (400, "incomplete")
    assert not Batch.objects.exists()


def test_who_may_send(client: Client, post: Any, fresh_books: Tenant) -> None:
    reading = access.create_api_key(scopes=["usage:read"], actor=TESTER)
    asked = client.generic("POST", "/v1/events", text("1"), content_type=ONE)
    assert (asked.status_code, asked["WWW-Authenticate"], asked.json()["code"]) == (401, "Bearer", "not_authenticated")
    assert post(text("1"), ONE, Authorization="Bearer dbk_test_wrong").status_code == 401
    assert post(text("1"), ONE, Authorization=f"Bearer {reading}").status_code == 403
    access.revoke_api_key(key=ApiKey.objects.filter(scopes__contains="events:write").get(), actor=TESTER)
    assert post(text("1"), ONE).status_code == 401
    assert not Event.objects.exists()


def test_only_post(client: Client) -> None:
    response = client.get("/v1/events")
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_a_database_that_cannot_answer_asks_to_come_back(post: Any, fresh_books: Tenant, monkeypatch: Any) -> None:
    """Fault A15: nothing was acknowledged, so the client sends it again."""
    monkeypatch.setattr(batches, "_STATEMENT_SECONDS", 1)
    with atomic():
        gate.close(fresh_books.id, wait_milliseconds=1_000)
        response = meanwhile(lambda: post(text("1"), ONE)).result(timeout=30)
    assert (response.status_code, response["Retry-After"], response.json()["code"]) == (503, "2", "unavailable")
    assert post(text("1"), ONE).json()["accepted"] == 1


@pytest.fixture
def ask(client: Client, key: str) -> Any:
    fields = customers.read_customer({"key": "c-01", "name": "One", "currency": "EUR", "time_zone": "Asia/Kolkata"})
    one = customers.create_customer(fields=fields, parent=None, actor=TESTER)
    subjects.claim(subject="c-01", customer=one, actor=TESTER)

    def get(**changes: str) -> Any:
        named = {"customer": "c-01", "meter": "tokens", "start": "2026-01-01", "end": "2026-02-01", **changes}
        return client.get(
            "/v1/usage", {name: value for name, value in named.items() if value}, headers={"X-API-Key": key}
        )

    return get


def test_usage_is_told_in_decimal_strings(ask: Any) -> None:
    meter(unit="token", group_by=["model"])
    number = send([text("1", data={"tokens": "0.5", "model": "b"}), document("2", data={"tokens": "1.25"})]).number
    expected = {
        "customer": "c-01",
        "meter": "tokens",
        "aggregation": "sum",
        "unit": "token",
        "watermark": number,
        "start": "2025-12-31T18:30:00Z",
        "end": "2026-01-31T18:30:00Z",
    }
    assert ask().json() == {**expected, "usage": [{"dimensions": {}, "quantity": "1.75", "count": 2}]}
    assert ask(group="true").json()["usage"] == [
        {"dimensions": {"model": None}, "quantity": "1.25", "count": 1},
        {"dimensions": {"model": "b"}, "quantity": "0.5", "count": 1},
    ]


@pytest.mark.parametrize("aggregation, nothing", [("sum", "0"), ("unique_count", "0"), ("max", None)])
def test_no_events_are_no_usage(ask: Any, aggregation: str, nothing: str | None) -> None:
    meter(aggregation=aggregation, group_by=["model"])
    assert ask().json()["usage"] == [{"dimensions": {}, "quantity": nothing, "count": 0}]
    assert ask(group="true").json()["usage"] == []


@pytest.mark.parametrize(
    "changes, status, field",
    [
        ({"customer": ""}, 422, "customer"),
        ({"customer": "nobody"}, 404, "customer"),
        ({"meter": "nothing"}, 404, "meter"),
        ({"start": ""}, 422, "start"),
        ({"start": "2026-01-01T00:00:00"}, 422, "start"),
        ({"end": "soon"}, 422, "end"),
        ({"end": "2026-01-01"}, 422, "end"),
    ],
    ids=repr,
)
def test_a_question_that_cannot_be_answered_names_its_field(
    ask: Any, changes: dict[str, str], status: int, field: str
) -> None:
    meter()
    response = ask(**changes)
    assert (response.status_code, response.json()["field"]) == (status, field)


def test_reading_usage_needs_its_scope(client: Client, fresh_books: Tenant) -> None:
    writing = access.create_api_key(scopes=["events:write"], actor=TESTER)
    assert client.get("/v1/usage", headers={"X-API-Key": writing}).status_code == 403
    assert client.get("/v1/usage").status_code == 401


def test_a_key_sees_its_own_tenant_alone(ask: Any, client: Client) -> None:
    meter()
    send([json.dumps(document("1")).encode()])
    other = access.open_tenant(key="t-other-" + str(Batch.objects.get().pk), name="x", kind="sandbox", actor=TESTER)
    with tenant_scope(other.id):
        foreign = access.create_api_key(scopes=["usage:read"], actor=TESTER)
    assert ask().json()["usage"][0]["quantity"] == "5"
    named = {"customer": "c-01", "meter": "tokens", "start": "2026-01-01", "end": "2026-02-01"}
    assert client.get("/v1/usage", named, headers={"X-API-Key": foreign}).status_code == 404
