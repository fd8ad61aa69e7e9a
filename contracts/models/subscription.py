"""What was agreed with a customer, and how it changed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel
from customers.models import Customer


class Subscription(TenantModel):
    """A plan for a customer. What holds at an instant is the fold of its amendments; the first one signs it."""

    key = models.CharField(max_length=120)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    currency = models.CharField(max_length=3)
    interval = models.CharField(max_length=10)
    every = models.PositiveSmallIntegerField()
    start_on = models.DateField(help_text="First day, in the customer's zone.")
    start_at = models.DateTimeField(help_text="The instant that day began.")
    anchor_on = models.DateField(help_text="The day from which all period boundaries are computed; never modified.")
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "key"], name="contracts_subscription_key")
        ]

    def __str__(self) -> str:
        return self.key


class AmendmentRow(TenantModel):
    """The paper that changes a subscription: dated, hash-chained, authored, with a reason. Never changed."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="amendments")
    number = models.PositiveIntegerField(help_text="Dense within the subscription, from 0: the signature.")
    key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - absent keys are not unique
    effective_on = models.DateField(help_text="From this day on, in the customer's zone.")
    effective_at = models.DateTimeField()
    change = models.JSONField(help_text="plan_version, quantities, end: what it sets.")
    metadata = models.JSONField(default=dict, blank=True)
    fact = models.BigIntegerField(help_text="Number of the tree's fact that recorded this.")
    actor = models.CharField(max_length=320)
    reason = models.TextField()
    recorded_at = models.DateTimeField()
    previous_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the previous digest and of this amendment.")

    class Meta:
        verbose_name = "amendment"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["subscription", "number"], name="contracts_amendment_number"),
            models.UniqueConstraint(fields=["tenant_id", "key"], name="contracts_amendment_key"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} #{self.number}"


class BilledPeriod(TenantModel):
    """A service period, stored as soon as something of it was due. Its bounds never change."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="billed_periods")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    cycle_start_at = models.DateTimeField(help_text="Start of the whole cycle of which the period is a part.")
    cycle_end_at = models.DateTimeField()
    zone = models.CharField(max_length=60, help_text="Zone in which its days are counted.")
    first_watermark = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="The watermark at which its usage was first billed: batches above it came late. Empty until then.",
    )

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["subscription", "start_at"], name="contracts_period_start"),
            models.CheckConstraint(condition=models.Q(end_at__gt=models.F("start_at")), name="contracts_period_order"),
        ]

    def __str__(self) -> str:
        return f"{self.start_at:%Y-%m-%d} to {self.end_at:%Y-%m-%d}"
