"""Documents: views of the ledger, frozen when they are issued."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django_fsm import FSMField, transition
from djmoney.models.fields import MoneyField

from billing.models.charges import Charge, ChargeKeyRow
from core.models import TenantModel
from customers.models import Customer, FrozenParty, Seller


def _amount(help_text: str) -> Any:
    return MoneyField(  # type: ignore[no-untyped-call]
        max_digits=39, decimal_places=12, currency_field_name="currency", help_text=help_text
    )


class Invoice(TenantModel):
    """An issued document. The amounts here are copies for lists; the ledger's entries are what is owed."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        OPEN = "open", "open"
        PAID = "paid", "paid"
        VOID = "void", "void"

    class VoidedAs(models.TextChoices):
        REBILL = "rebill", "rebilled: its charges are due again"

    number = models.CharField(max_length=80, null=True, help_text="Dense and in order within the seller's series.")  # noqa: DJ001 - a draft has none
    sequence = models.BigIntegerField(null=True, help_text="The number without its form.")
    kind = models.CharField(max_length=20, default="invoice")
    state = FSMField(default=State.DRAFT, choices=State.choices, protected=True)
    voided_as = models.CharField(max_length=10, choices=VoidedAs.choices, blank=True, default="")
    void_reason = models.TextField(blank=True, default="")
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="invoices")
    payer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    party = models.ForeignKey(FrozenParty, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    cut_off_at = models.DateTimeField(help_text="It shows what was due by then and on no earlier document.")
    period_start = models.DateField()
    period_end = models.DateField()
    issued_on = models.DateField()
    issued_at = models.DateTimeField()
    due_on = models.DateField()
    net = _amount("Sum of the lines.")
    tax = _amount("Sum of the tax of its categories.")
    gross = _amount("Net and tax.")
    body = models.TextField(help_text="The sealed form: canonical JSON, the buyer as a digest.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the sealed form.")
    run = models.ForeignKey("billing.Run", on_delete=models.PROTECT, null=True, blank=True, related_name="invoices")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["seller", "kind", "sequence"], name="billing_invoice_sequence"),
            models.UniqueConstraint(fields=["tenant_id", "number"], name="billing_invoice_number"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["payer", "currency", "cut_off_at"], name="billing_invoice_payer")
        ]

    def __str__(self) -> str:
        return self.number or "draft"

    @transition(field=state, source=State.DRAFT, target=State.OPEN)
    def open(self) -> None:
        """It is issued, and owed."""

    @transition(field=state, source=State.OPEN, target=State.PAID)
    def settle(self) -> None:
        """The ledger says that nothing is left to pay."""

    @transition(field=state, source=[State.OPEN, State.PAID], target=State.VOID)
    def void(self, *, voided_as: str, reason: str) -> None:
        """It is taken back whole."""
        self.voided_as, self.void_reason = voided_as, reason


class InvoiceLine(TenantModel):
    """One charge key on one document. Never changed."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField(help_text="From 1.")
    key = models.ForeignKey(ChargeKeyRow, on_delete=models.PROTECT, related_name="lines")
    description = models.TextField()
    exact = models.DecimalField(max_digits=39, decimal_places=12, help_text="This document's exact part of the key.")
    currency = models.CharField(max_length=3)
    amount = _amount("What rounding the key so far adds to what earlier documents showed.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["invoice", "position"], name="billing_line_position"),
            models.UniqueConstraint(fields=["invoice", "key"], name="billing_line_key"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} line {self.position}"


class Claim(TenantModel):
    """A charge shown on a document: at most one live claim each. Never changed."""

    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="claim")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="claims")

    def __str__(self) -> str:
        return f"{self.charge_id} on {self.invoice_id}"


class CutOff(TenantModel):
    """What became of a payer's documents at one boundary."""

    class Outcome(models.TextChoices):
        ISSUED = "issued", "a document was issued"
        NOTHING = "nothing", "there was nothing to show"
        CARRIED = "carried", "all lines round to zero, or the total is negative: carried forward"
        REOPENED = "reopened", "its document was voided to be billed again"

    payer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cut_offs")
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "cut-off"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["payer", "currency", "at"], name="billing_cut_off_once")
        ]

    def __str__(self) -> str:
        return f"{self.payer} {self.at:%Y-%m-%d}"


class Series(TenantModel):
    """The last number taken in a seller's series."""

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    last = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "series"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["seller", "kind"], name="billing_series_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.last}"


class Rendition(TenantModel):
    """A document's bytes in one format, as first rendered. Never changed."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="renditions")
    media_type = models.CharField(max_length=60)
    renderer = models.CharField(max_length=120, help_text="Version under which rendering again gives the same bytes.")
    content = models.BinaryField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the bytes.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["invoice", "media_type", "renderer"], name="billing_rendition_once")
        ]

    def __str__(self) -> str:
        return f"{self.invoice} {self.media_type}"
