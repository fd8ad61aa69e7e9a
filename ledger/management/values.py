"""How the ledger's commands understand days and print amounts."""

from __future__ import annotations

from datetime import UTC, date, datetime

from core.currency import CURRENCIES
from core.models import Tenant
from core.money import format_pico
from core.period import local_end, local_midnight, zone_named


def beginning(asked: date | datetime | None, tenant: Tenant) -> datetime | None:
    """An instant as it is; of a day its first one, in the books' time zone."""
    if asked is None or isinstance(asked, datetime):
        return asked
    return local_midnight(asked, zone_named(tenant.time_zone))


def ending(asked: date | datetime | None, tenant: Tenant) -> datetime | None:
    """An instant as it is; of a day its last one, in the books' time zone."""
    if asked is None or isinstance(asked, datetime):
        return asked
    return local_end(asked, zone_named(tenant.time_zone))


def told(instant: datetime) -> str:
    """An instant as text."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def amount(pico: int, commodity: str) -> str:
    """A decimal with the currency's decimals at least; what is no currency has none."""
    known = CURRENCIES.get(commodity)
    return format_pico(pico, places=known.digits if known else 0)
