"""Whom the `subject` of a usage event means, and from when."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel
from customers.models.customer import Customer


class Subject(TenantModel):
    """One CloudEvents `subject` value; its row is locked while claims on it change."""

    name = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "name"], name="customers_subject_name")
        ]

    def __str__(self) -> str:
        return self.name


class Claim(TenantModel):
    """From `from_at` until `to_at` the subject means this customer, or one subscription of theirs."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="claims")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="claims")
    subscription_id = models.UUIDField(null=True, blank=True, help_text="Empty where the whole customer is meant.")
    from_at = models.DateTimeField()
    fact = models.BigIntegerField(help_text="Number of the tree's fact that recorded the claim.")
    to_at = models.DateTimeField(null=True, blank=True)
    released_fact = models.BigIntegerField(null=True, blank=True, help_text="The fact that recorded its end.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(to_at__isnull=True, released_fact__isnull=True)
                | models.Q(to_at__gte=models.F("from_at"), released_fact__isnull=False),
                name="customers_claim_release",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} means {self.customer}"
