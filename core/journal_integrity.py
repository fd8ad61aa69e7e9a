"""What is written down about operations is whole, stays as it was, and stays with its tenant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import Any

from django.apps import apps
from django.utils import timezone

from core.db import guards
from core.db.asking import NAMED, count, faults, holds
from core.events import Event
from core.integrity import Check, Finding, Outcome, outcome
from core.models import ApiKey, AuditRecord, Delivery, TenantModel

#: Batches are their own record, and need none beside it; crossing tenants is nobody else's news.
_ONE_SIDED = f"'{Event.BATCH_ACCEPTED}', '{Event.TENANT_CROSSED}'"

# ruff: noqa: S608 - the statements are made of constants
_UNPAIRED = f"""
SELECT event, subject_type, subject_id, SUM(recorded), SUM(told) FROM (
    SELECT event, subject_type, subject_id, 1 AS recorded, 0 AS told FROM core_auditrecord
    WHERE tenant_id = %(tenant)s
    UNION ALL
    SELECT event, subject_type, subject_id, 0, 1 FROM core_message WHERE tenant_id = %(tenant)s
) happened
WHERE event NOT IN ({_ONE_SIDED})
GROUP BY event, subject_type, subject_id
HAVING SUM(recorded) <> SUM(told)
ORDER BY event, subject_type, subject_id
"""

#: A relay that works tries again within the hour.
_STUCK = timedelta(days=1)


def _guards() -> Outcome:
    return outcome(len(guards.append_only()), "tables", (Finding(*one) for one in guards.missing()))


def _messages() -> Outcome:
    found = [
        Finding(f"{event} of {subject_type} {subject_id}", f"recorded {recorded} times, announced {told} times")
        for event, subject_type, subject_id, recorded, told in faults(_UNPAIRED)
    ]
    return outcome(count(AuditRecord), "operations", found)


def _deliveries() -> Outcome:
    return outcome(count(Delivery), "deliveries", islice(_stuck(), NAMED) if holds(Delivery) else ())


def _stuck() -> Iterator[Finding]:
    rows = Delivery.objects.select_related("message").order_by("id")
    for row in rows.filter(state=Delivery.State.FAILED):
        yield Finding(_named(row), f"given up after {row.attempts} attempts: {row.last_error}")
    for row in rows.filter(state=Delivery.State.PENDING, next_attempt_at__lt=timezone.now() - _STUCK):
        yield Finding(_named(row), f"due since {row.next_attempt_at:%Y-%m-%d %H:%M} UTC, and nobody relays it")


def _named(row: Delivery) -> str:
    return f"{row.message} to {row.listener}"


def _references() -> Outcome:
    references, straying = _tenant_references(), _straying()
    found = [
        Finding(
            f"{references[i].model._meta.verbose_name} {identity}",
            f"its {references[i].name} is missing, or another tenant's",
        )
        for i, identity in (faults(straying) if straying else ())
    ]
    return outcome(len(references), "kinds of reference", found)


@cache
def _tenant_references() -> tuple[Any, ...]:
    """Every foreign key from a tenant's rows to a tenant's rows."""
    models = [model for model in apps.get_models() if issubclass(model, TenantModel)]
    fields = [field for model in models for field in model._meta.concrete_fields if field.is_relation]
    return tuple(field for field in fields if field.related_model in models)


def _straying() -> str:
    """The references of this tenant's rows to rows that it doesn't have: one statement, of what has rows at all."""
    return " UNION ALL ".join(
        f"SELECT {i}, id FROM {field.model._meta.db_table} here "
        f"WHERE tenant_id = %(tenant)s AND {field.column} IS NOT NULL AND NOT EXISTS ("
        f"SELECT 1 FROM {field.related_model._meta.db_table} there "
        f"WHERE there.id = here.{field.column} AND there.tenant_id = here.tenant_id)"
        for i, field in enumerate(_tenant_references())
        if holds(field.model)
    )


def _api_keys() -> Outcome:
    if not holds(ApiKey):
        return outcome(0, "API keys")
    readable = ApiKey.objects.exclude(digest__regex=r"^[0-9a-f]{64}$").order_by("id")[:NAMED]
    # Not even the beginning is shown: it may be a whole key.
    found = [Finding(f"API key {key.id}", "what is kept of it is not a SHA-256 digest") for key in readable]
    return outcome(count(ApiKey), "API keys", found)


CHECKS: tuple[Check, ...] = (
    Check("core.guards", 2, "The database itself refuses to change what is never changed.", _guards),
    Check("core.messages", 10, "Each operation that was recorded was announced, and the other way round.", _messages),
    Check("core.deliveries", 10, "No message is stuck on its way to a listener.", _deliveries),
    Check("core.references", 11, "No row refers to a missing row, or to another tenant's.", _references),
    Check("core.api_keys", 11, "Of API keys nothing but their digest is kept.", _api_keys),
)
