"""What CloudEvents calls valid and invalid, against what Daybook takes in.

Daybook asks for more than the specification: `subject`, `time` and an object as `data`. Where a document
leaves one of these out it is put in, so that its verdict rests on what the document is about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.test import RequestFactory

from metering.cloudevents import Envelope
from metering.incoming import read
from metering.requests import RequestRefused, events_of
from tests.vectors.kit import Case, Rule, cases

_OURS = {"subject": "c-01", "time": "2026-01-01T00:00:00Z", "data": {}}


def _other_data(case: Case) -> bool:
    """Whether the specification takes data that is no JSON object."""
    documents = case.get("document", {})
    several = documents if isinstance(documents, list) else [documents]
    return bool(case["expected"]["valid"]) and any(
        "data_base64" in one
        or not isinstance(one.get("data", {}), dict)
        or "json" not in (one.get("datacontenttype") or "json")
        for one in several
    )


RULES = [
    Rule("usage data is a JSON object: text, XML and binary data can't be metered", _other_data),
    Rule("events come in structured or batch mode; HTTP's binary mode is later", lambda case: case["kind"] == "http"),
]


@cases("cloudevents", rules=RULES)
def test_cloudevents(case: Case) -> None:
    """Daybook's verdict is the specification's, and what it reads is what was sent."""
    envelopes = _read(_completed(case), case["content_type"])
    assert (envelopes is not None) is case["expected"]["valid"]
    for envelope in envelopes or []:
        assert not set(case["expected"].get("unset", ())) & envelope.extensions.keys()
        if "data" in case["expected"]:
            assert envelope.data == case["expected"]["data"]


def _read(body: bytes, content_type: str) -> list[Envelope] | None:
    """The events of a request; None where it, or one of them, is refused."""
    try:
        _, texts = events_of(RequestFactory().generic("POST", "/v1/events", body, content_type=content_type))
    except RequestRefused:
        return None
    envelopes = [event.envelope for event in map(read, texts) if event.envelope is not None]
    return envelopes if len(envelopes) == len(texts) else None


def _completed(case: Case) -> bytes:
    """The document with what Daybook asks for, its own text left as it is."""
    if "document_text" in case:
        return _with(case["document_text"], {}).encode()
    document = case["document"]
    if isinstance(document, list):
        return b"[" + b",".join(_with(json.dumps(one), one).encode() for one in document) + b"]"
    return _with(json.dumps(document), document).encode()


def _with(text: str, document: dict[str, Any]) -> str:
    kept = {name: value for name, value in document.items() if value is not None or name not in _OURS}
    whole = json.dumps(kept) if len(kept) < len(document) else text
    return "".join([whole.rstrip().removesuffix("}"), *_missing(document), "}"])


def _missing(document: dict[str, Any]) -> Iterator[str]:
    for name, value in _OURS.items():
        if document.get(name) is None:
            yield f', "{name}": {json.dumps(value)}'
