"""What was sent and not taken, kept until somebody mends or dismisses it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel
from metering.models.batch import Batch


class Quarantined(TenantModel):
    """An event that was rejected, or that conflicts with one of the same source and id."""

    class Outcome(models.TextChoices):
        REJECTED = "rejected", "rejected"
        CONFLICT = "conflict", "conflict"

    class State(models.TextChoices):
        OPEN = "open", "open"
        REPLAYED = "replayed", "replayed"
        DISMISSED = "dismissed", "dismissed"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="quarantined")
    position = models.IntegerField(help_text="Its index in the batch, from 0.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    source = models.TextField(blank=True, default="")
    event_id = models.TextField(blank=True, default="", help_text="The CloudEvents id, where it could be read.")
    code = models.CharField(max_length=60)
    field = models.CharField(max_length=400, blank=True, default="")
    detail = models.TextField()
    body = models.BinaryField(help_text="What was sent, byte by byte.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    resolved_at = models.DateTimeField(null=True, blank=True, help_text="By the tenant's clock.")
    resolution = models.TextField(blank=True, default="", help_text="Why it was dismissed, or the batch it went into.")

    class Meta:
        db_table = "metering_quarantine"
        verbose_name = "quarantined event"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["batch", "position"], name="metering_quarantine_place"),
            models.CheckConstraint(
                condition=models.Q(state="open", resolved_at__isnull=True)
                | (~models.Q(state="open") & models.Q(resolved_at__isnull=False)),
                name="metering_quarantine_resolved",
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["tenant_id", "state"], name="metering_quarantine_open")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.event_id or self.position}"
