"""Who did what, to which record, when: one append-only row per operation, in its own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import msgspec
from django.db import models

from core.actor import Actor
from core.events import Event
from core.models import AuditRecord

request_id: ContextVar[str] = ContextVar("request_id", default="")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One operation to be recorded; `subject` is the record concerned, or its (type, id)."""

    event: Event
    subject: models.Model | tuple[str, str]
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""


def record(
    *,
    actor: Actor,
    event: Event,
    subject: models.Model | tuple[str, str],
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Adds the operation to the trail of the tenant in scope."""
    entry = Entry(event=event, subject=subject, before=before, after=after, reason=reason)
    record_many([entry], actor=actor, at=at)


def record_many(entries: Iterable[Entry], *, actor: Actor, at: datetime) -> None:
    """The same for many operations in one statement."""
    AuditRecord.objects.bulk_create([_row(entry, actor, at) for entry in entries])


def _row(entry: Entry, actor: Actor, at: datetime) -> AuditRecord:
    subject_type, subject_id = naming(entry.subject)
    return AuditRecord(
        event=entry.event.value,
        actor_kind=actor.kind,
        actor_name=actor.name,
        subject_type=subject_type,
        subject_id=subject_id,
        before=_plain(entry.before),
        after=_plain(entry.after),
        reason=entry.reason,
        request_id=request_id.get(),
        at=at,
    )


def naming(subject: models.Model | tuple[str, str]) -> tuple[str, str]:
    """(type, id) of a record: ("customer", "0190…")."""
    if isinstance(subject, tuple):
        return subject
    return subject._meta.model_name or "", str(subject.pk)


def _plain(values: Mapping[str, Any] | None) -> Any:
    return None if values is None else msgspec.to_builtins(values, str_keys=True, enc_hook=str)
