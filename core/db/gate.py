"""A gate that many may pass together, and one may close to know that nobody is inside.

Ingest holds a tenant's gate shared until its transaction ends; the watermark takes it exclusively
for a moment, so that no number below it can be committed afterwards (billing rules §4).
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from django.db import OperationalError, connection

from core.db import vendor
from core.errors import Refusal


class GateBusy(Refusal):
    """Somebody stayed inside the gate for longer than we wait."""

    code = "gate_busy"


def enter(tenant_id: UUID) -> None:
    """Passes the gate together with others; left when the transaction ends."""
    _lock(tenant_id, shared=True)


def close(tenant_id: UUID, *, wait_milliseconds: int) -> None:
    """Waits until nobody is inside, and keeps everybody out until the transaction ends.

    Raises GateBusy where that takes longer than `wait_milliseconds`; the transaction is then unusable.
    """
    vendor.set_lock_timeout(wait_milliseconds)
    try:
        _lock(tenant_id, shared=False)
    except OperationalError as error:
        raise GateBusy("an ingest transaction is taking long; the watermark was not taken") from error


def _lock(tenant_id: UUID, *, shared: bool) -> None:
    with connection.cursor() as cursor:
        if vendor.is_postgresql():
            taking = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
            cursor.execute(f"SELECT {taking}(%s)", [_key(tenant_id)])
        else:
            strength = "LOCK IN SHARE MODE" if shared else "FOR UPDATE"
            cursor.execute(f"SELECT id FROM core_tenant WHERE id = %s {strength}", [tenant_id.hex])


def _key(tenant_id: UUID) -> int:
    return int.from_bytes(sha256(b"ingest gate" + tenant_id.bytes).digest()[:8], "big", signed=True)
