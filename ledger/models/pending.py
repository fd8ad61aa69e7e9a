"""How pending transfers stand, which of them expired, and the ids of transfers that failed for good."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from core.models import TenantModel
from ledger.books import PendingState


class Pending(TenantModel):
    """How a pending transfer stands, under the transfer's id. Written by the database alone."""

    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    state = models.CharField(max_length=8, choices=[(state.value, state.value) for state in PendingState])
    resolved_by = models.UUIDField(null=True, blank=True, help_text="The transfer that posted or voided it.")
    resolved_at = models.DateTimeField(null=True, blank=True, help_text="By the tenant's clock.")

    class Meta:
        verbose_name_plural = "pending transfers"
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["tenant_id", "state", "expires_at"], name="ledger_pending_due")
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(state="pending", resolved_by__isnull=True, resolved_at__isnull=True)
                | Q(state__in=["posted", "voided"], resolved_by__isnull=False, resolved_at__isnull=False)
                | Q(state="expired", resolved_by__isnull=True, resolved_at__isnull=False, expires_at__isnull=False),
                name="ledger_pending_state",
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class Expiry(TenantModel):
    """A pending transfer's time-out, under the transfer's id: writing it gives back what was held."""

    at = models.DateTimeField(help_text="By the tenant's clock.")
    ordinal = models.BigIntegerField(
        db_column="arrival", editable=False, help_text="Its place in the order of recording."
    )

    class Meta:
        verbose_name_plural = "expiries"

    def __str__(self) -> str:
        return str(self.id)


class FailedTransfer(TenantModel):
    """An id that failed for a reason that may pass. It stays failed, so that a late retry can't succeed unnoticed."""

    transfer_id = models.UUIDField()
    result = models.CharField(max_length=60)
    at = models.DateTimeField(help_text="By the tenant's clock.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["transfer_id", "tenant_id"], name="ledger_failed_once")
        ]

    def __str__(self) -> str:
        return f"{self.transfer_id} {self.result}"
