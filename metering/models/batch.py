"""Accepted requests: the receipts of ingest, and up to where they are surely complete."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from core.models import TenantModel

#: An event's number is its batch's number × POSITIONS + its position in it.
POSITION_BITS = 20
POSITIONS = 1 << POSITION_BITS


def first_number_after(batch_number: int) -> int:
    """Events of batches up to this one have numbers below."""
    return (batch_number + 1) << POSITION_BITS


class Batch(TenantModel):
    """One request, or one chunk of an import, that was taken in. Never changed; its id is the client's receipt."""

    class Kind(models.TextChoices):
        HTTP = "http", "HTTP request"
        IMPORT = "import", "chunk of an import"
        VOID = "void", "void"
        REPLAY = "replay", "replay from the quarantine"

    number = models.BigIntegerField(unique=True, help_text="Drawn from a sequence behind the tenant's gate.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    actor_kind = models.CharField(max_length=20)
    actor_name = models.CharField(max_length=300)
    received_at = models.DateTimeField(help_text="By the tenant's clock.")
    sent = models.IntegerField()
    accepted = models.IntegerField()
    duplicate = models.IntegerField(help_text="Already there with the same content.")
    conflict = models.IntegerField(help_text="Same source and id as another, with other content: in the quarantine.")
    rejected = models.IntegerField(help_text="Unreadable, by us or by a meter: in the quarantine.")
    blocked = models.IntegerField(help_text="Refused by a hard limit.")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the request.")

    class Meta:
        verbose_name_plural = "batches"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(sent=F("accepted") + F("duplicate") + F("conflict") + F("rejected") + F("blocked")),
                name="metering_batch_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(accepted__gte=0, duplicate__gte=0, conflict__gte=0, rejected__gte=0, blocked__gte=0),
                name="metering_batch_counts",
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["tenant_id", "number"], name="metering_batch_latest")]

    def __str__(self) -> str:
        return f"batch {self.number}"


class Watermark(TenantModel):
    """The greatest watermark that was ever taken; what a run goes on with when it can't take a new one."""

    number = models.BigIntegerField(help_text="Number of the last batch that it covers.")
    taken_at = models.DateTimeField(help_text="By the tenant's clock.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id"], name="metering_watermark_once")
        ]

    def __str__(self) -> str:
        return f"watermark {self.number}"
