"""The one place that knows what time it is."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from core import clock
from core.access import services as access
from core.access.scope import tenant_scope
from core.actor import Actor
from core.clock import ClockRefused
from core.models import AuditRecord, Message, Tenant
from tests.support.world import instant

JANUARY, MARCH = instant("2026-01-01"), instant("2026-03-01")


def test_a_sandbox_stands_still_until_it_is_moved(books: Tenant, actor: Actor) -> None:
    assert clock.now() == JANUARY
    assert clock.advance(to=MARCH, actor=actor) == MARCH
    assert clock.now() == MARCH
    told = {"from": JANUARY.isoformat(), "to": MARCH.isoformat()}
    assert AuditRecord.objects.get(event="clock.advanced").after == told
    assert Message.objects.get(event="clock.advanced").payload == told


def test_it_never_goes_back(books: Tenant, actor: Actor) -> None:
    """Nothing that happened could be told from what is still to come."""
    with pytest.raises(ClockRefused) as refused:
        clock.advance(to=JANUARY - timedelta(microseconds=1), actor=actor)
    assert (refused.value.code, refused.value.field) == ("clock_refused", "to")
    assert clock.now() == JANUARY


def test_moving_it_to_where_it_stands_is_nothing_to_tell(books: Tenant, actor: Actor) -> None:
    clock.advance(to=JANUARY, actor=actor)
    assert not AuditRecord.objects.filter(event="clock.advanced").exists()


def test_a_live_tenant_goes_by_the_machine(books: Tenant, actor: Actor) -> None:
    live = access.open_tenant(key=f"live-{uuid4().hex}", name="Live", kind="live", actor=actor)
    with tenant_scope(live.id):
        before = timezone.now()
        assert before <= clock.now() <= timezone.now()
        with pytest.raises(ClockRefused) as refused:
            clock.advance(to=MARCH, actor=actor)
    assert refused.value.field == "tenant"
