"""Events saved with the change, and delivered after it.

`publish` writes the message and one delivery per listener in the operation's own transaction;
`relay` hands due deliveries to their listeners, each in a transaction of its own, and retries with back-off.
"""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import InterfaceError, OperationalError, models
from django.utils import timezone

from core import audit
from core.access.scope import tenant_id, tenant_scope
from core.db.transaction import atomic
from core.events import Event
from core.models import Delivery, Message, Tenant

logger = logging.getLogger(__name__)
Listener = Callable[[Message], None]
_listeners: dict[Event, dict[str, Listener]] = defaultdict(dict)
_ATTEMPTS = 12


def listen(event: Event, *, name: str, listener: Listener) -> None:
    """From now on `listener` is handed every message of `event`. Called by config/wiring.py."""
    _listeners[event][name] = listener


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """One event to be published."""

    event: Event
    subject: models.Model | tuple[str, str]
    payload: Mapping[str, Any] = {}


def publish(
    *, event: Event, subject: models.Model | tuple[str, str], at: datetime, payload: Mapping[str, Any] | None = None
) -> None:
    """Saves the message and its deliveries; call it in the transaction of the change."""
    publish_many([Announcement(event=event, subject=subject, payload=payload or {})], at=at)


def publish_many(announcements: Iterable[Announcement], *, at: datetime) -> None:
    """The same for many events in two statements."""
    messages = [_message(announcement, at) for announcement in announcements]
    Message.objects.bulk_create(messages)
    due = timezone.now()
    Delivery.objects.bulk_create(
        Delivery(message=message, listener=name, next_attempt_at=due)
        for message in messages
        for name in _listeners[Event(message.event)]
    )


def _message(announcement: Announcement, at: datetime) -> Message:
    subject_type, subject_id = audit.naming(announcement.subject)
    payload = msgspec.to_builtins(dict(announcement.payload), str_keys=True, enc_hook=str)
    return Message(
        tenant_id=tenant_id(),
        event=announcement.event.value,
        subject_type=subject_type,
        subject_id=subject_id,
        payload=payload,
        at=at,
    )


def relay(*, progress: Callable[[], None] = lambda: None, until: Callable[[], bool] = lambda: False) -> int:
    """Delivers all that is due in the tenant in scope, or as much as comes before `until`; how many succeeded."""
    delivered = 0
    while not until() and (outcome := _deliver_one()) is not None:
        delivered += outcome
        progress()
    return delivered


def relay_every_tenant(*, until: Callable[[], bool] = lambda: False) -> int:
    """The same for each tenant in turn: the work of the relay process. One tenant's trouble is logged, and skipped."""
    delivered = 0
    for tenant in Tenant.objects.order_by("id"):
        try:
            with tenant_scope(tenant.id):
                delivered += relay(until=until)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("relaying for tenant %s failed", tenant.key)
    return delivered


def waiting() -> int:
    """How many deliveries of the tenant in scope are still to be made."""
    return int(Delivery.objects.filter(state=Delivery.State.PENDING).count())


def _deliver_one() -> bool | None:
    """Whether the next due delivery succeeded; None where none is due."""
    with atomic():
        due = Delivery.objects.filter(state=Delivery.State.PENDING, next_attempt_at__lte=timezone.now())
        # Without its message, which is read later: MariaDB would lock that, too.
        delivery = due.select_for_update(skip_locked=True).order_by("id").first()
        if delivery is None:
            return None
        error = _hand_over(delivery)
        delivery.attempts += 1
        delivery.last_error = error
        delivery.state = Delivery.State.DELIVERED if not error else _after_failure(delivery)
        delivery.next_attempt_at = timezone.now() + _delay(delivery.attempts)
        delivery.save()
        return not error


def _hand_over(delivery: Delivery) -> str:
    """The error's text, empty where the listener was content."""
    try:
        listener = _listeners[Event(delivery.message.event)][delivery.listener]
    except (KeyError, ValueError):
        return f"no listener is named {delivery.listener}"
    try:
        with atomic(savepoint=True):
            listener(delivery.message)
    except Exception as error:  # noqa: BLE001 - whatever a listener raises is its own failure, kept and retried
        return f"{type(error).__name__}: {error}"[:2000]
    return ""


def _after_failure(delivery: Delivery) -> str:
    return Delivery.State.FAILED if delivery.attempts >= _ATTEMPTS else Delivery.State.PENDING


def _delay(attempts: int) -> timedelta:
    seconds = min(3600, 2**attempts)
    return timedelta(seconds=seconds + random.uniform(0, seconds / 4))  # noqa: S311 - jitter, not a secret
