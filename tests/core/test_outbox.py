"""Events saved with the change, and delivered after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier

import pytest
from django.utils import timezone

from core import outbox
from core.access.scope import tenant_id
from core.db.transaction import atomic
from core.events import Event
from core.models import AuditRecord, Delivery, Message, Tenant
from core.outbox import Announcement
from tests.metering.crowd import at_once
from tests.support.tenants import another_tenant
from tests.support.undoing import undone
from tests.support.world import instant

AT = instant("2026-02-03")
EVENT = Event.SELLER_CHANGED
Listen = Callable[[str, outbox.Listener], None]
pytestmark = pytest.mark.usefixtures("fresh_books")


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch) -> Listen:
    """Connects a listener by name for the length of the test."""
    own: dict[str, outbox.Listener] = {}
    monkeypatch.setitem(outbox._listeners, EVENT, own)
    return own.__setitem__


def _publish(*names: str) -> None:
    outbox.publish_many([Announcement(event=EVENT, subject=("seller", name)) for name in names], at=AT)


def _due_now() -> None:
    Delivery.objects.update(next_attempt_at=timezone.now())


def test_a_message_is_saved_with_one_delivery_for_each_listener(fresh_books: Tenant, listen: Listen) -> None:
    listen("mail", lambda message: None)
    listen("search", lambda message: None)
    outbox.publish(event=EVENT, subject=fresh_books, at=AT, payload={"name": "New", "tenant": fresh_books.id})
    message = Message.objects.get(event=EVENT)
    assert (message.subject_type, message.subject_id, message.at) == ("tenant", str(fresh_books.id), AT)
    assert message.payload == {"name": "New", "tenant": str(fresh_books.id)}
    assert sorted(message.deliveries.values_list("listener", "state", "attempts")) == [
        ("mail", "pending", 0),
        ("search", "pending", 0),
    ]


def test_what_nobody_listens_to_is_kept_and_waits_for_nobody(listen: Listen) -> None:
    _publish("one")
    assert (Message.objects.filter(event=EVENT).count(), outbox.waiting(), outbox.relay()) == (1, 0, 0)


def test_a_change_that_is_undone_tells_nobody(listen: Listen) -> None:
    """A committed change has its message, a rolled-back one has none (invariant I15)."""
    listen("mail", lambda message: None)
    with undone():
        _publish("undone")
    with atomic():
        _publish("done")
    assert list(Message.objects.filter(event=EVENT).values_list("subject_id", flat=True)) == ["done"]
    assert outbox.waiting() == 1


def test_each_message_is_handed_over_once_and_in_order(listen: Listen) -> None:
    told: list[str] = []
    listen("mail", lambda message: told.append(message.subject_id))
    _publish("one", "two", "three")
    assert (outbox.relay(), outbox.relay()) == (3, 0)
    assert told == ["one", "two", "three"]
    assert set(Delivery.objects.values_list("state", "attempts", "last_error")) == {("delivered", 1, "")}


def test_a_listener_that_fails_is_asked_again_later_and_hinders_no_other(listen: Listen) -> None:
    told: list[str] = []

    def broken(message: Message) -> None:
        raise RuntimeError("no route to host")

    listen("broken", broken)
    listen("mail", lambda message: told.append(message.subject_id))
    _publish("one")
    before = timezone.now()
    assert outbox.relay() == 1
    failed = Delivery.objects.get(listener="broken")
    assert told == ["one"]
    assert (failed.state, failed.attempts, failed.last_error) == ("pending", 1, "RuntimeError: no route to host")
    assert before + timedelta(seconds=2) <= failed.next_attempt_at <= timezone.now() + timedelta(seconds=2.5)
    assert outbox.relay() == 0


def test_it_waits_twice_as_long_each_time_and_gives_up_after_twelve(listen: Listen) -> None:
    calls: list[str] = []

    def broken(message: Message) -> None:
        calls.append(message.subject_id)
        raise RuntimeError("still broken")

    listen("broken", broken)
    _publish("one")
    waited = []
    for _ in range(15):
        _due_now()
        before = timezone.now()
        outbox.relay()
        waited.append((Delivery.objects.get().next_attempt_at - before).total_seconds())
    assert len(calls) == 12
    assert (Delivery.objects.get().state, Delivery.objects.get().attempts) == ("failed", 12)
    assert all(2**n <= seconds <= 2**n * 1.25 + 5 for n, seconds in enumerate(waited[:11], start=1))
    assert 3600 <= waited[11] <= 3600 * 1.25 + 5
    assert outbox.waiting() == 0


def test_a_listener_that_recovers_gets_the_message_after_all(listen: Listen) -> None:
    broken = [True, True, False]
    told: list[str] = []

    def sometimes(message: Message) -> None:
        if broken.pop(0):
            raise RuntimeError("not yet")
        told.append(message.subject_id)

    listen("sometimes", sometimes)
    _publish("one")
    succeeded = []
    for _ in broken.copy():
        _due_now()
        succeeded.append(outbox.relay())
    assert (succeeded, told) == ([0, 0, 1], ["one"])
    assert (Delivery.objects.get().state, Delivery.objects.get().last_error) == ("delivered", "")


def test_what_a_failing_listener_wrote_is_undone(listen: Listen) -> None:
    """Half of a listener's work never stays; its failure is still noted."""

    def half(message: Message) -> None:
        AuditRecord.objects.create(event="half", at=AT)
        raise RuntimeError("the other half failed")

    listen("half", half)
    _publish("one")
    assert outbox.relay() == 0
    assert not AuditRecord.objects.filter(event="half").exists()
    assert Delivery.objects.get().attempts == 1


def test_a_listener_that_is_gone_is_named_in_the_error(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    listen("mail", lambda message: None)
    _publish("one")
    monkeypatch.setitem(outbox._listeners, EVENT, {})
    outbox.relay()
    assert Delivery.objects.get().last_error == "no listener is named mail"


def test_two_relays_at_once_deliver_each_message_once(listen: Listen) -> None:
    """Any number of relays may run: a delivery that one works on is passed over by the others."""
    told: Counter[str] = Counter()
    both_deliver = Barrier(2, timeout=30)

    def slow(message: Message) -> None:
        told[message.subject_id] += 1
        if sum(told.values()) <= 2:
            both_deliver.wait()

    listen("slow", slow)
    names = [str(n) for n in range(8)]
    _publish(*names)
    shares = at_once([outbox.relay, outbox.relay])
    assert told == Counter(names)
    assert sum(shares) == len(names)
    assert min(shares) > 0


def test_a_relay_stops_where_it_is_told_to(listen: Listen) -> None:
    told: list[str] = []
    listen("mail", lambda message: told.append(message.subject_id))
    _publish("one", "two")
    assert outbox.relay(until=lambda: bool(told)) == 1
    assert (told, outbox.waiting()) == (["one"], 1)


def test_one_tenants_trouble_does_not_keep_the_others_from_theirs(
    fresh_books: Tenant, listen: Listen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    listen("mail", lambda message: told.append(message.subject_id))
    _publish("mine")
    with another_tenant() as other:
        _publish("theirs")
    tenants = Tenant.objects.filter(pk__in=[fresh_books.id, other.id])
    monkeypatch.setattr(Tenant.objects, "order_by", tenants.order_by)
    monkeypatch.setattr(outbox, "_deliver_one", _failing_for(fresh_books.id, outbox._deliver_one))
    assert outbox.relay_every_tenant() == 1
    assert told == ["theirs"]
    assert f"relaying for tenant {fresh_books.key} failed" in caplog.text


def _failing_for(tenant: object, real: Callable[[], bool | None]) -> Callable[[], bool | None]:
    def deliver() -> bool | None:
        if tenant_id() == tenant:
            raise RuntimeError("its data is broken")
        return real()

    return deliver
