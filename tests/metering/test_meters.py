from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from core.errors import Refusal
from core.models import AuditRecord, Tenant
from core.money import PICO
from metering import selectors
from metering.models import Event, Finding, Meter, Slot
from tests.metering.crowd import at_once
from tests.metering.samples import TYPE, meter, outcomes, send, text


def test_events_carry_what_the_meters_of_their_type_read(books: Tenant) -> None:
    meter("tokens")
    meter("by model", aggregation="count", property="", group_by=["model"])
    send([text("1", data={"tokens": "2.5", "model": "large"}), text("2", type="other", data={"tokens": 1})])
    first, other = Event.objects.order_by("number")
    assert (first.n1, first.t1) == (5 * PICO // 2, "large")
    assert (other.n1, other.t1) == (None, None)


def test_a_later_meter_reads_what_is_there_already(books: Tenant) -> None:
    """Values that it can't read become findings, never zeros."""
    send([text("1", data={"tokens": 5}), text("2", data={"tokens": "many"}), text("3", data={}), text("4", type="x")])
    made = meter()
    assert [row.n1 for row in Event.objects.order_by("number")] == [5 * PICO, None, None, None]
    assert [(row.code, row.field) for row in selectors.findings(meter=made)] == [
        ("invalid_amount", "data.tokens"),
        ("missing_value", "data.tokens"),
    ]


def test_the_same_definition_again_changes_nothing(books: Tenant) -> None:
    first = meter(filter={"model": ["large", "small"]}, metadata={"a": 1})
    again = meter(filter={"model": ["small", "large", "small"]}, metadata={"a": 1})
    assert (again.pk, again.published_at) == (first.pk, first.published_at)
    assert AuditRecord.objects.filter(event__startswith="meter.").count() == 1


def test_names_and_metadata_may_change(books: Tenant) -> None:
    meter()
    assert meter(name="Tokens", unit="token", metadata={"a": 1}).pk == Meter.objects.get(name="Tokens").pk
    assert AuditRecord.objects.filter(event="meter.changed", after__unit="token").count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"property": "other"},
        {"aggregation": "max"},
        {"event_type": "other"},
        {"filter": {"model": ["large"]}},
        {"group_by": ["model"]},
    ],
    ids=repr,
)
def test_a_published_meter_never_counts_otherwise(fresh_books: Tenant, changes: dict[str, Any]) -> None:
    meter()
    with pytest.raises(Refusal) as caught:
        meter(**changes)
    assert (caught.value.code, caught.value.field) == ("meter_differs", next(iter(changes)))


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"key": ""}, "key"),
        ({"event_type": ""}, "event_type"),
        ({"aggregation": "median"}, "aggregation"),
        ({"property": ""}, "property"),
        ({"aggregation": "count"}, "property"),
        ({"filter": {"model": "large"}}, "filter.model"),
        ({"filter": {"model": []}}, "filter.model"),
        ({"filter": {"model": [1]}}, "filter.model"),
        ({"filter": {"": ["x"]}}, "filter"),
        ({"group_by": ["a", "a"]}, "group_by"),
        ({"group_by": [""]}, "group_by"),
        ({"name": "x" * 301}, "name"),
    ],
    ids=repr,
)
def test_an_unusable_definition_names_its_field(fresh_books: Tenant, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        meter(**changes)
    assert caught.value.field == field
    assert not Slot.objects.exists()


def test_a_type_has_eight_slots_of_a_kind(books: Tenant) -> None:
    for i in range(8):
        meter(f"m{i}", property=f"p{i}")
    with pytest.raises(Refusal) as caught:
        meter("m9", property="p9")
    assert caught.value.code == "slots_exhausted"
    assert not Meter.objects.filter(key="m9").exists()
    meter("elsewhere", event_type="other", property="p9")


def test_of_two_that_publish_at_once_one_does(books: Tenant) -> None:
    send([text("1")])
    first, second = at_once([meter, meter])
    assert first.pk == second.pk
    assert Slot.objects.filter(event_type=TYPE).count() == 1


def test_no_event_slips_past_a_meter_that_is_being_published(books: Tenant) -> None:
    """Every event has its slot filled: by the publishing, or by the ingest after it."""

    def sending(name: str) -> None:
        for i in range(8):
            send([text(f"{name}-{i}")])

    at_once([meter, *[partial(sending, name) for name in "abc"]])
    assert [row.n1 for row in Event.objects.all()] == [5 * PICO] * 24


def test_a_value_that_no_meter_reads_is_nobodys_fault(books: Tenant) -> None:
    meter(filter={"model": ["large"]})
    receipt = send(
        [text("1", data={"model": "small", "tokens": "many"}), text("2", data={"model": "large", "tokens": "x"})]
    )
    assert outcomes(receipt) == ["accepted", "rejected"]
    assert not Finding.objects.exists()
