"""What seal tests share: many rows at once, and what the check finds."""

from __future__ import annotations

from django.db import connection

from core.access.scope import tenant_id
from core.db.transaction import atomic
from core.integrity import Outcome
from core.seals.integrity import CHECKS


def add_messages(count: int) -> None:
    """So many messages in one statement, of the kind that needs no record beside it."""
    with atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_message (id, tenant_id, event, subject_type, subject_id, payload, at) "
            "SELECT gen_random_uuid(), %s, 'tenant.crossed', 'tenant', n::text, '{}', '2026-01-01Z' "
            "FROM generate_series(1, %s) n",
            [tenant_id(), count],
        )


def checked() -> Outcome:
    """What the check of the seals says of the tenant in scope."""
    (check,) = CHECKS
    with atomic():
        return check.run()


def found() -> list[str]:
    """Its findings, each as a line."""
    return [f"{one.subject}: {one.detail}" for one in checked().findings]
