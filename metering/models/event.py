"""Usage events, and what cancels them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from core.access import scope
from core.db.fields import WideIntegerField
from core.models import TenantManager
from metering.cloudevents import LONGEST


class Numbered(models.Model):
    """A row that is named by its place: batch number × 2²⁰ + position in the batch."""

    number = models.BigIntegerField(primary_key=True, help_text="Batch number × 1,048,576 + position in the batch.")
    tenant_id = models.UUIDField(default=scope.tenant_id, editable=False, help_text="Whose books this belongs to.")
    key = models.UUIDField(unique=True, help_text="UUIDv8 from the BLAKE2b of tenant, source and id.")
    source = models.CharField(max_length=LONGEST)
    event_id = models.CharField(max_length=LONGEST, help_text="The CloudEvents id.")

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.event_id} from {self.source}"


def _number() -> Any:
    return WideIntegerField(null=True)  # type: ignore[misc]


def _text() -> Any:
    # An absent dimension is not an empty one.
    return models.TextField(null=True)


class Event(Numbered):
    """Something that happened, as it was sent. Never changed, but for the slots that a new meter reads."""

    type = models.CharField(max_length=LONGEST)
    subject = models.CharField(max_length=LONGEST, help_text="Whom it concerns; customers claim subjects.")
    time = models.DateTimeField(help_text="When it happened; digits beyond a microsecond are cut.")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of type, subject, time, data and extensions.")
    body = models.TextField(help_text="The event's JSON as received.")
    n1 = _number()
    n2 = _number()
    n3 = _number()
    n4 = _number()
    n5 = _number()
    n6 = _number()
    n7 = _number()
    n8 = _number()
    t1 = _text()
    t2 = _text()
    t3 = _text()
    t4 = _text()
    t5 = _text()
    t6 = _text()
    t7 = _text()
    t8 = _text()

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["tenant_id", "subject", "type", "time"], name="metering_event_usage")
        ]


class Void(Numbered):
    """From its batch on the event counts nowhere. It may come before the event. Never changed."""

    reason = models.TextField()
