"""What seal tests share: many rows at once, and what the check finds."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django.db import connection

from core.access.scope import tenant_id
from core.db.transaction import atomic
from core.integrity import Outcome
from core.models import new_id
from core.seals.integrity import CHECKS
from tests.support.world import instant


def add_messages(count: int) -> None:
    """So many messages in one statement, of the kind that needs no record beside it."""
    said = ["tenant.crossed", "tenant"]
    rows: list[list[Any]] = [
        [new_id(), tenant_id(), *said, str(n), "{}", instant("2026-01-01")] for n in range(1, count + 1)
    ]
    marks = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * count)
    with atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO core_message (id, tenant_id, event, subject_type, subject_id, payload, at) VALUES {marks}",
            list(chain.from_iterable(rows)),
        )


def checked() -> Outcome:
    """What the check of the seals says of the tenant in scope."""
    (check,) = CHECKS
    with atomic():
        return check.run()


def found() -> list[str]:
    """Its findings, each as a line."""
    return [f"{one.subject}: {one.detail}" for one in checked().findings]
