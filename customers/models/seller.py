"""Who issues documents, and parties as they stood when one was issued."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel
from customers.models.customer import Customer


class Seller(TenantModel):
    """The legal entity that issues documents (EN 16931 BG-4)."""

    class RoundingMode(models.TextChoices):
        HALF_EVEN = "half_even", "half to even"
        HALF_UP = "half_up", "half away from zero"

    key = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    country = models.CharField(max_length=2)
    vat_id = models.CharField(max_length=30, blank=True, default="")
    address = models.JSONField(default=dict, blank=True, help_text="lines, city, postcode, country.")
    email = models.CharField(max_length=320, blank=True, default="")
    bank = models.JSONField(default=dict, blank=True, help_text="name, iban, bic: where customers pay to.")
    rounding = models.CharField(max_length=10, choices=RoundingMode.choices, default=RoundingMode.HALF_EVEN)
    series = models.CharField(max_length=60, default="INV-{number:06}", help_text="How invoice numbers are written.")
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "key"], name="customers_seller_key")
        ]

    def __str__(self) -> str:
        return self.name


class FrozenParty(TenantModel):
    """A buyer as printed on documents: the canonical text, and the salt of its digest. Never changed."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    salt = models.BinaryField(max_length=16)
    body = models.TextField(help_text="Canonical JSON: key, name, address, tax_ids.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the salt followed by the body.")

    class Meta:
        verbose_name_plural = "frozen parties"

    def __str__(self) -> str:
        return self.digest[:12]
