"""The one place that knows what time it is; a sandbox tenant's clock can be advanced."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from core import audit, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.db.transaction import atomic
from core.errors import Refusal
from core.events import Event
from core.models import Tenant


class ClockRefused(Refusal):
    """The clock can't be set so."""

    code = "clock_refused"


def now() -> datetime:
    """What the tenant in scope takes for now: the machine's time, or its test clock."""
    return of(Tenant.objects.get(pk=tenant_id()))


def of(tenant: Tenant) -> datetime:
    return tenant.clock_at or timezone.now()


def advance(*, to: datetime, actor: Actor) -> datetime:
    """Moves a sandbox's clock forward. Raises ClockRefused for a live tenant or a move backwards."""
    with atomic():
        tenant = Tenant.objects.select_for_update().get(pk=tenant_id())
        if tenant.clock_at is None:
            raise ClockRefused("only a sandbox's clock can be moved", field="tenant")
        if to < tenant.clock_at:
            raise ClockRefused(f"the clock is already at {tenant.clock_at.isoformat()}", field="to")
        before, tenant.clock_at = tenant.clock_at, to
        if to > before:
            tenant.save(update_fields=["clock_at"])
            moved = {"from": before.isoformat(), "to": to.isoformat()}
            audit.record(actor=actor, event=Event.CLOCK_ADVANCED, subject=tenant, at=to, after=moved)
            outbox.publish(event=Event.CLOCK_ADVANCED, subject=tenant, at=to, payload=moved)
    return to


def reach(*, to: datetime, actor: Actor) -> None:
    """Moves a sandbox's clock forward to an instant, where it stands earlier; a live tenant's goes by itself."""
    if Tenant.objects.filter(pk=tenant_id(), clock_at__lt=to).exists():
        with atomic():
            tenant = Tenant.objects.select_for_update().get(pk=tenant_id())
            # Another process may have moved it meanwhile.
            if tenant.clock_at is not None and tenant.clock_at < to:
                advance(to=to, actor=actor)
