"""Days as operators choose them: in the books' time zone."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from core.access.scope import tenant_id
from core.models import Tenant
from core.period import zone_named


def chosen(text: str) -> date | None:
    """The day of a form's field; None for what is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found < date.max - timedelta(days=1) else None


def zone() -> ZoneInfo:
    """Where the books' days begin."""
    return zone_named(Tenant.objects.get(pk=tenant_id()).time_zone)
