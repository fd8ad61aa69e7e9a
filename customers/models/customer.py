"""Customers, what is personal about them, and who pays for them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel
from customers.models.tree import Tree


class Customer(TenantModel):
    """A party that uses, or pays, or both."""

    class Kind(models.TextChoices):
        ORGANIZATION = "organization", "organization"
        INDIVIDUAL = "individual", "individual"
        SUBSIDIARY = "subsidiary", "subsidiary"
        COST_CENTER = "cost_center", "cost center"

    key = models.CharField(
        max_length=120, help_text="The client's own name for this customer, usable wherever an id is."
    )
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.ORGANIZATION)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="customers")
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=60, help_text="IANA zone in which days and months are counted.")
    locale = models.CharField(max_length=20, default="en", help_text="Language and number format of documents.")
    terms_days = models.PositiveIntegerField(default=30, help_text="Days from issue until an invoice is due.")
    consolidate = models.BooleanField(
        default=False, help_text="The parent pays, on the parent's own documents, unless a bill-to says otherwise."
    )
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "key"], name="customers_customer_key")
        ]

    def __str__(self) -> str:
        return self.key


class Party(TenantModel):
    """The personal side of a customer; only here, so that it can be erased without touching the books."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="party")
    name = models.CharField(max_length=300)
    email = models.CharField(max_length=320, blank=True, default="")
    address = models.JSONField(default=dict, blank=True, help_text="lines, city, postcode, country.")
    tax_ids = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        return self.name


class BillTo(TenantModel):
    """From an instant on, `payer` pays for `customer`. Never changed: a later row takes over."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="bill_tos")
    payer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    from_at = models.DateTimeField()
    fact = models.BigIntegerField(help_text="Number of the tree's fact that recorded this.")

    class Meta:
        verbose_name = "bill-to"

    def __str__(self) -> str:
        return f"{self.payer} pays from {self.from_at:%Y-%m-%d}"
