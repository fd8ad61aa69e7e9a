"""Days as operators choose them: in the books' time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.access.scope import tenant_id
from core.models import Tenant
from core.period import local_midnight, zone_named

_DAY = timedelta(days=1)


def chosen(text: str) -> date | None:
    """The day of a form's field; None for what is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found < date.max - _DAY else None


def beginning(day: date) -> datetime:
    """The first instant of the day in the books' time zone; there is none before the first year."""
    return local_midnight(max(day, date.min + _DAY), _zone())


def end(day: date) -> datetime:
    """The first instant after the day in the books' time zone."""
    return local_midnight(day + _DAY, _zone())


def _zone() -> ZoneInfo:
    return zone_named(Tenant.objects.get(pk=tenant_id()).time_zone)
