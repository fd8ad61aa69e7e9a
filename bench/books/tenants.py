"""Books to post to: tenants, and accounts opened as the product opens them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from django.apps import apps

from bench.kit.server import Server
from core.access import services as access
from core.access.scope import tenant_scope
from core.actor import Actor
from core.currency import currency
from ledger import services
from ledger.accounts import AccountIdentity
from ledger.chart import Code

CURRENCY = "EUR"
LEDGER = currency(CURRENCY).number
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

_BENCH = Actor(kind="command", name="bench")
_AT_ONCE = 5_000


def begin_anew(server: Server) -> None:
    """Empties the ledger, so that no goal depends on which were measured before it.

    Every page that is touched after a checkpoint goes to the log as a whole: the more rows, the more pages.
    """
    server.empty(*(model._meta.db_table for model in apps.get_app_config("ledger").get_models()))
    accounts.cache_clear()


@cache
def tenant(key: str) -> UUID:
    """The bench's tenant of that key; opened where it isn't yet."""
    return access.open_tenant(key=key, name="Bench", kind="sandbox", actor=_BENCH, clock_at=BEGINNING).id


@cache
def accounts(key: str, *, code: Code, count: int) -> list[UUID]:
    """So many accounts of that code in the tenant's books."""
    identities = [AccountIdentity(None, CURRENCY, code, f"{number:06}") for number in range(count)]
    ids: list[UUID] = []
    with tenant_scope(tenant(key)):
        for first in range(0, count, _AT_ONCE):
            ids += services.open_accounts(identities[first : first + _AT_ONCE]).values()
    return ids
