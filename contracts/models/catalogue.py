"""What is offered: products, plans, their published versions, prices."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel
from metering.models import Meter


class Product(TenantModel):
    """Something that is sold; its tags group prices for discounts and commits."""

    key = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    tags = models.JSONField(default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "key"], name="contracts_product_key")
        ]

    def __str__(self) -> str:
        return self.name


class Plan(TenantModel):
    """A set of prices offered together, billed in one rhythm."""

    class Interval(models.TextChoices):
        DAY = "day", "day"
        WEEK = "week", "week"
        MONTH = "month", "month"
        QUARTER = "quarter", "quarter"
        YEAR = "year", "year"

    key = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    currency = models.CharField(max_length=3)
    interval = models.CharField(max_length=10, choices=Interval.choices)
    every = models.PositiveSmallIntegerField(default=1, help_text="Billed every so many intervals.")
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "key"], name="contracts_plan_key"),
            models.CheckConstraint(condition=models.Q(every__gte=1), name="contracts_plan_every"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(TenantModel):
    """The prices of a plan as published. Never changed: a change is a new version."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of all its prices: what was published, exactly.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["plan", "number"], name="contracts_version_number")
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"


class Price(TenantModel):
    """One thing that a plan charges for. Never changed."""

    class Timing(models.TextChoices):
        ADVANCE = "advance", "in advance"
        ARREARS = "arrears", "in arrears"

    class Prorated(models.TextChoices):
        DAY = "day", "by day"
        SECOND = "second", "by second"
        NONE = "none", "not at all"

    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="prices")
    position = models.PositiveSmallIntegerField(help_text="Its place on documents.")
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=300, blank=True, default="")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices")
    model = models.CharField(max_length=30, help_text="How quantities become an amount.")
    terms = models.JSONField(help_text="The model's own figures, as decimal texts.")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, blank=True, related_name="prices")
    quantity_name = models.CharField(
        max_length=120, blank=True, default="", help_text="The entry of the subscription's quantities it multiplies."
    )
    unit = models.CharField(max_length=60, blank=True, default="", help_text="What one of the quantity is called.")
    timing = models.CharField(max_length=10, choices=Timing.choices)
    proration = models.CharField(max_length=10, choices=Prorated.choices, default=Prorated.DAY)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["version", "key"], name="contracts_price_key"),
            models.CheckConstraint(
                condition=models.Q(meter__isnull=True) | models.Q(quantity_name=""), name="contracts_price_one_quantity"
            ),
            models.CheckConstraint(
                condition=models.Q(meter__isnull=True) | models.Q(timing="arrears"),
                name="contracts_price_usage_arrears",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.key
