from __future__ import annotations

import pytest

from core.errors import Refusal
from core.models import AuditRecord, Message, Tenant
from metering import services
from metering.models import Batch, Void
from metering.models.batch import POSITION_BITS
from tests.metering.crowd import at_once
from tests.metering.samples import SOURCE, TESTER, send, text


def void(id: str = "1", reason: str = "sent by mistake") -> str:
    return services.void_event(source=SOURCE, id=id, reason=reason, actor=TESTER)


def test_a_void_is_a_batch_of_its_own(books: Tenant) -> None:
    sent = send([text("1")]).number
    assert void() == "voided"
    batch, row = Batch.objects.get(kind="void"), Void.objects.get()
    assert (batch.sent, batch.accepted) == (1, 1)
    assert row.number >> POSITION_BITS == batch.number > sent
    assert AuditRecord.objects.get(event="usage_event.voided").reason == "sent by mistake"
    assert Message.objects.filter(event="usage_event.voided").count() == 1


def test_twice_is_once(books: Tenant) -> None:
    assert [void(), void(reason="again")] == ["voided", "exists"]
    assert (Void.objects.get().reason, Batch.objects.count()) == ("sent by mistake", 1)


def test_two_at_once_are_one(books: Tenant) -> None:
    assert sorted(at_once([void] * 4)) == ["exists"] * 3 + ["voided"]
    assert (Void.objects.count(), Batch.objects.count(), Message.objects.filter(event="batch.accepted").count()) == (
        1,
        1,
        1,
    )


@pytest.mark.parametrize("id, reason, field", [("", "x", "id"), ("1", " ", "reason"), ("a\x00", "x", "id")])
def test_it_names_the_event_and_says_why(fresh_books: Tenant, id: str, reason: str, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        void(id, reason)
    assert caught.value.field == field
    assert not Void.objects.exists()
