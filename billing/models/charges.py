"""What is owed under which key, and the evidence for each amount booked."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from contracts.models import Price, Subscription
from core.db.fields import WideIntegerField
from core.models import TenantModel
from core.money import LARGEST
from customers.models import Customer, Tree


class ChargeKeyRow(TenantModel):
    """One thing that can be owed. Its id is derived from its name; it is never changed."""

    class Kind(models.TextChoices):
        USAGE = "usage", "usage"
        FEE = "fee", "fee"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="charge_keys")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+", help_text="What it is owed under.")
    acts_on = models.ForeignKey(
        Price, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Another price it acts on."
    )
    period_start = models.DateTimeField()
    segment_start = models.DateTimeField()
    dimensions = models.JSONField(default=list, help_text="Pairs of name and value; an absent value is null.")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    currency = models.CharField(max_length=3)
    payer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whoever paid when it was first due; corrections follow.",
    )

    class Meta:
        verbose_name = "charge key"
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["subscription", "period_start"], name="billing_key_period"),
        ]

    def __str__(self) -> str:
        return f"{self.price_id} {self.period_start:%Y-%m-%d}"


class Charge(TenantModel):
    """The evidence of one charge transfer, whose id it shares. Never changed."""

    key = models.ForeignKey(ChargeKeyRow, on_delete=models.PROTECT, related_name="charges")
    n = models.PositiveIntegerField(help_text="How many transfers the key had before this one.")
    amount = WideIntegerField(help_text="Pico-units; what this transfer adds to the key.")
    payer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    due_from = models.DateTimeField(help_text="Documents with this cut-off or a later one may show it.")
    service_start = models.DateTimeField()
    service_end = models.DateTimeField()
    quantity = WideIntegerField(help_text="Pico-quantity of the whole key after this charge.")
    event_count = models.BigIntegerField(help_text="Usage events behind the whole key after this charge.")
    late_count = models.BigIntegerField(help_text="How many of them came after the period was first billed.")
    late = models.BooleanField(help_text="Whether late usage moved the amount.")
    rated = models.JSONField(help_text="The arithmetic of the whole key after this charge, row by row.")
    spans = models.JSONField(default=list, help_text="Whose usage, from when to when.")
    watermark = models.BigIntegerField(help_text="Usage counted: batches up to this one.")
    fact = models.BigIntegerField(help_text="Facts counted: those of the tree up to this one.")
    engine = models.CharField(max_length=20, help_text="Version of the rating rules.")
    run = models.ForeignKey("billing.Run", on_delete=models.PROTECT, null=True, blank=True, related_name="charges")
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversals")
    booked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["key", "n"], name="billing_charge_n"),
            models.CheckConstraint(
                # The upper bound also stops NaN.
                condition=~models.Q(amount=0) & models.Q(amount__gte=-LARGEST - 1) & models.Q(amount__lte=LARGEST),
                name="billing_charge_amount",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["payer", "currency", "due_from"], name="billing_charge_due")
        ]

    def __str__(self) -> str:
        return f"{self.key_id} #{self.n}"


class TreeState(TenantModel):
    """How far a tree is billed. Its id is the tree's."""

    tree = models.OneToOneField(Tree, on_delete=models.PROTECT, related_name="billing_state")
    fact = models.BigIntegerField(default=0, help_text="Facts up to this one are in the books.")
    watermark = models.BigIntegerField(default=0, help_text="Usage up to this batch is in the books.")
    through = models.DateTimeField(help_text="Everything due up to this instant is booked.")
    version = models.BigIntegerField(default=0, help_text="How many times something was booked for the tree.")

    def __str__(self) -> str:
        return f"{self.tree_id} through {self.through:%Y-%m-%d}"
