"""Accounting periods: months of the books, open or closed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django_fsm import FSMField, transition

from core.models import TenantModel


class AccountingPeriod(TenantModel):
    """A calendar month of the books. Nothing is posted into time before the end of the last closed one."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        CLOSED = "closed", "closed"

    month = models.CharField(max_length=7, help_text="Such as 2026-01.")
    start_at = models.DateTimeField(help_text="Where the period before it ends.")
    end_at = models.DateTimeField(help_text="The beginning of the next month, in the tenant's time zone.")
    state = FSMField(default=State.OPEN, choices=State.choices, protected=True)
    reason = models.TextField(blank=True, default="", help_text="Why it was closed or reopened last.")
    changed_at = models.DateTimeField(help_text="When it was opened, closed or reopened last, by the tenant's clock.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "month"], name="ledger_period_month"),
            models.CheckConstraint(condition=models.Q(end_at__gt=models.F("start_at")), name="ledger_period_span"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["tenant_id", "state", "end_at"], name="ledger_period_closed")
        ]

    def __str__(self) -> str:
        return self.month

    @transition(field=state, source=State.OPEN, target=State.CLOSED)
    def close(self) -> None:
        """From now on nothing is posted into it."""

    @transition(field=state, source=State.CLOSED, target=State.OPEN)
    def reopen(self) -> None:
        """It may be posted into again."""
