"""What was done and what must be told: audit records and outgoing messages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models.base import TenantModel


class AuditRecord(TenantModel):
    """One operation: who did what to which record, and when. Never changed."""

    event = models.CharField(max_length=60, help_text="The operation's name, such as invoice.finalized.")
    actor_kind = models.CharField(max_length=20)
    actor_name = models.CharField(max_length=300)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=120)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField(help_text="By the tenant's clock.")

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["tenant_id", "subject_type", "subject_id"], name="core_audit_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject_id}"


class Message(TenantModel):
    """An event of ours, saved with the change that it announces. Never changed."""

    event = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=120)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField(help_text="By the tenant's clock.")

    def __str__(self) -> str:
        return f"{self.event} {self.subject_id}"


class Delivery(TenantModel):
    """The state of handing one message to one listener."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        DELIVERED = "delivered", "delivered"
        FAILED = "failed", "failed for good"

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="deliveries")
    listener = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(help_text="By the machine's clock; a failed delivery is tried again then.")
    last_error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["message", "listener"], name="core_delivery_once")
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["state", "next_attempt_at"], name="core_delivery_due")]

    def __str__(self) -> str:
        return f"{self.message_id} → {self.listener}"
