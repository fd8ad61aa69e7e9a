"""Money that came in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from djmoney.models.fields import MoneyField

from billing.models import Invoice
from core.models import TenantModel
from customers.models import Customer


def _amount(help_text: str) -> Any:
    return MoneyField(  # type: ignore[no-untyped-call]
        max_digits=39, decimal_places=12, currency_field_name="currency", help_text=help_text
    )


class Payment(TenantModel):
    """One amount received for a document. Never changed; its id is derived from what identifies it."""

    class Method(models.TextChoices):
        BANK_TRANSFER = "bank_transfer", "bank transfer"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    payer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    method = models.CharField(max_length=20, choices=Method.choices)
    reference = models.CharField(
        max_length=140, help_text="The bank's own reference: the same one is the same payment."
    )
    currency = models.CharField(max_length=3)
    amount = _amount("What arrived.")
    applied = _amount("What settled the document; the rest is unapplied.")
    received_on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["invoice", "method", "reference"], name="payments_payment_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0)
                & models.Q(amount__lt=10**27)
                & models.Q(applied__gte=0)
                & models.Q(applied__lte=models.F("amount")),
                name="payments_payment_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} for {self.invoice}"
