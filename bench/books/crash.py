"""After a crash everything acknowledged is there, and every balance is the sum of its transfers."""

from __future__ import annotations

import time
from uuid import UUID

from django.db import connection

from bench.books.posters import Posters
from bench.books.single import CLIENTS, KEY
from bench.books.tenants import accounts, tenant
from bench.kit.command import Effort
from bench.kit.server import Server
from core.access.scope import tenant_scope
from core.db.transaction import atomic
from core.models import Tenant
from ledger.chart import Code
from ledger.integrity import CHECKS
from ledger.models import Transfer

_ACCOUNTS, _SECONDS, _PATIENCE = 1_000, 2, 20


class LostAfterCrash(RuntimeError):
    """The server forgot what it had acknowledged, or its books don't add up."""


def proof(server: Server, effort: Effort) -> None:
    """Crashes the server while transfers are posted, and starts it again. Raises LostAfterCrash."""
    opened = accounts(KEY, code=Code.BANK, count=_ACCOUNTS)
    before = _stored()
    with Posters(CLIENTS, tenant_id=tenant(KEY), accounts=opened) as posters:
        posters.begin(seconds=_PATIENCE)
        time.sleep(_SECONDS)
        server.crash()
        acknowledged = posters.acknowledged()
    connection.close()
    server.recover()
    connection.settings_dict["PORT"] = str(server.connection.port)
    _look_for(acknowledged)
    if not acknowledged or _stored() < before + len(acknowledged):
        raise LostAfterCrash(f"{before} transfers before and {len(acknowledged)} since are {_stored()} after the crash")
    for found in Tenant.objects.all():
        _verify(found)


def _look_for(acknowledged: list[UUID]) -> None:
    with tenant_scope(tenant(KEY)), atomic():
        there = set(Transfer.objects.filter(pk__in=acknowledged).values_list("pk", flat=True))
    if lost := set(acknowledged) - there:
        raise LostAfterCrash(f"{len(lost)} acknowledged transfers are gone")


def _stored() -> int:
    """The transfers of the tenant that is posted to."""
    with tenant_scope(tenant(KEY)), atomic():
        return int(Transfer.objects.count())


def _verify(books: Tenant) -> None:
    with tenant_scope(books.id), atomic():
        for check in CHECKS:
            if findings := check.run().findings:
                raise LostAfterCrash(f"{check.name} of {books.key}: {findings[0]}")
