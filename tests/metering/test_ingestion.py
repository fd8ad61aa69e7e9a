from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction

from core.access.scope import tenant_scope
from core.access.services import open_tenant
from core.models import Message, Tenant, new_id
from metering.models import Batch, Event, Quarantined
from metering.models.batch import POSITION_BITS
from metering.services.ingestion import LARGEST_BATCH
from tests.metering.crowd import at_once
from tests.metering.samples import TESTER, document, meter, outcomes, send, text


def test_a_batch_is_the_receipt_of_what_was_sent(books: Tenant) -> None:
    receipt = send([text("1"), text("2"), text("2"), text("2", subject="other"), b"{", text("3", time=None)])

    assert outcomes(receipt) == ["accepted", "accepted", "duplicate", "conflict", "rejected", "rejected"]
    batch = Batch.objects.get(pk=receipt.batch)
    assert (batch.sent, batch.accepted, batch.duplicate, batch.conflict, batch.rejected) == (6, 2, 1, 1, 2)
    assert batch.received_at == datetime(2026, 1, 1, tzinfo=UTC), "by the tenant's clock"
    assert [row.number - (batch.number << POSITION_BITS) for row in Event.objects.order_by("number")] == [0, 1]


def test_an_event_is_kept_as_it_was_sent(books: Tenant) -> None:
    sent = (
        b' {"specversion":"1.0", "id":"x ", "source":"\xc3\xa9","type":"t","subject":"s","data":{"a":1.50},'
        b'"time":"2026-01-10T12:00:00.1234567+01:00"}'
    )
    send([sent])
    row = Event.objects.get()
    assert row.body.encode() == sent
    assert (row.event_id, row.source, row.type, row.subject) == ("x ", "é", "t", "s")
    assert row.time == datetime(2026, 1, 10, 11, 0, 0, 123_456, tzinfo=UTC)


def test_the_same_again_is_a_duplicate_and_other_content_a_conflict(books: Tenant) -> None:
    """Fault A4: the first counts, the second is told and kept; nothing is merged."""
    send([text("1", data={"tokens": 5})])
    receipt = send([text("1", data={"tokens": 5.0}), text("1", data={"tokens": 6}), text("1", source="other")])

    assert outcomes(receipt) == ["duplicate", "conflict", "accepted"]
    assert receipt.results[1].field == "id"
    kept = Quarantined.objects.get()
    assert (kept.outcome, kept.event_id, kept.state, kept.position) == ("conflict", "1", "open", 1)
    assert bytes(kept.body) == text("1", data={"tokens": 6})


def test_repeats_within_a_batch_count_once(books: Tenant) -> None:
    """Fault A5."""
    events = [text(str(i)) for i in range(700)]
    receipt = send(random.Random(5).sample([*events, *events[:300]], 1_000))
    assert (receipt.accepted, receipt.duplicate, Event.objects.count()) == (700, 300, 700)


def test_repeats_in_a_batch_are_judged_by_what_was_stored_before(books: Tenant) -> None:
    send([text("1", data={"tokens": 5})])
    receipt = send([text("1", data={"tokens": 6}), text("1", data={"tokens": 5}), text("1", data={"tokens": 6})])
    assert outcomes(receipt) == ["conflict", "duplicate", "conflict"]


@pytest.mark.parametrize(
    "poison, code",
    [
        (text(data={"tokens": "NaN"}), "invalid_amount"),
        (text().replace(b"5}", b"1e400}"), "invalid_amount"),
        (text().replace(b"5}", b"-0}"), "invalid_amount"),
        (text().replace(b"5}", b"NaN}"), "invalid_json"),
        (text(data={"tokens": "0.0000000000001"}), "invalid_amount"),
        (text(data={"tokens": int("9" * 39)}), "invalid_amount"),
        (text(data={}), "missing_value"),
        (text(subject="a\x00"), "invalid_text"),
        (text(time="2016-12-31T23:59:60Z"), "invalid_time"),
        (text(data={"tokens": 1, "deep": eval("[" * 90 + "]" * 90)}), "too_deep"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_one_poisoned_event_leaves_its_neighbors_alone(books: Tenant, poison: bytes, code: str) -> None:
    """Fault A6."""
    meter()
    receipt = send([*[text(str(i)) for i in range(2, 500)], poison, *[text(str(i)) for i in range(500, 1001)]])
    assert (receipt.accepted, receipt.rejected) == (999, 1)
    (refused,) = [result for result in receipt.results if result.quarantined]
    assert (refused.index, refused.code) == (498, code)
    assert bytes(Quarantined.objects.get().body) == poison


def test_five_clients_that_send_the_same_at_once_store_it_once(books: Tenant) -> None:
    """Fault A3: no deadlock, and the counts of all five add up."""
    events = [text(str(i)) for i in range(400)]
    orders = [random.Random(seed).sample(events, len(events)) for seed in range(5)]
    receipts = at_once([partial(send, order) for order in orders])

    assert sum(receipt.accepted for receipt in receipts) == len(events) == Event.objects.count()
    assert sum(receipt.duplicate for receipt in receipts) == 4 * len(events)
    stored = Counter(row.number >> POSITION_BITS for row in Event.objects.all())
    assert stored == +Counter({receipt.number: receipt.accepted for receipt in receipts})


def test_identities_are_compared_byte_by_byte(books: Tenant) -> None:
    """Fault A17: case, Unicode form and spaces at the end make another event."""
    ids = ["Abc", "abc", "abc ", "é", "e\u0301", "ab", "abc\u200b"]
    receipt = send([text(one) for one in ids] + [text("b", source="a"), text("", source="ab"), text("x" * 100_000)])
    assert outcomes(receipt) == ["accepted"] * 8 + ["rejected"] * 2
    assert [result.code for result in receipt.results[8:]] == ["missing_attribute", "too_long"]


def test_another_tenant_may_use_the_same_ids(books: Tenant) -> None:
    send([text("1")])
    other = open_tenant(key=f"t-{new_id().hex}", name="Other", kind="sandbox", actor=TESTER)
    with tenant_scope(other.id):
        assert outcomes(send([text("1")])) == ["accepted"]
        assert Event.objects.count() == 1


def test_a_batch_is_announced_once_and_only_if_it_brought_anything(books: Tenant) -> None:
    receipt = send([text(str(i)) for i in range(20)])
    send([text("1")])
    messages = Message.objects.filter(event="batch.accepted")
    assert [(message.subject_id, message.payload["accepted"]) for message in messages] == [(str(receipt.batch), 20)]


def test_an_empty_request_is_a_batch_too(books: Tenant) -> None:
    assert Batch.objects.get(pk=send([]).batch).sent == 0


def test_a_batch_is_bounded(books: Tenant) -> None:
    with pytest.raises(ValueError, match="at most"):
        send([text("1")] * (LARGEST_BATCH + 1))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE metering_event SET subject = 'me'",
        "UPDATE metering_event SET time = now()",
        "DELETE FROM metering_event",
        "TRUNCATE metering_event",
        "UPDATE metering_batch SET accepted = accepted",
        "DELETE FROM metering_batch",
        "UPDATE metering_quarantine SET body = ''",
        "DELETE FROM metering_quarantine",
        "TRUNCATE metering_quarantine",
    ],
)
def test_the_database_refuses_to_change_what_was_taken_in(fresh_books: Tenant, statement: str) -> None:
    """As the application's role."""
    send([text("1"), b"{"])
    with pytest.raises(DatabaseError, match=r"denied|append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert (Event.objects.get().subject, Quarantined.objects.count()) == (document()["subject"], 1)


def test_counts_that_do_not_add_up_are_refused_by_the_database(books: Tenant) -> None:
    receipt = send([text("1")])
    copy = Batch.objects.get(pk=receipt.batch)
    copy.pk, copy.number, copy.sent = None, -1, 2
    with pytest.raises(DatabaseError, match="metering_batch_adds_up"), transaction.atomic():
        copy.save(force_insert=True)
