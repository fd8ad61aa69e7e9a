"""Accounts. Only the database changes their balances, and whether they are closed.

What a single column may hold, its domain says (`core.db.domains`): 0002_guards names them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, Value, When
from django.db.models.lookups import Exact, LessThanOrEqual

from core.db.fields import WideIntegerField
from core.models import TenantModel
from customers.models import Customer
from ledger.accounts import LARGEST
from ledger.chart import AccountFlags, account_name

BALANCES = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")


def flagged(mask: int, value: int) -> Exact:
    """Where those of the flags that the mask names are exactly these."""
    return Exact(F("flags").bitand(int(mask)), int(value))


def _limited(side: str, *, by: str, where: AccountFlags) -> LessThanOrEqual:
    """What stands and is pending on one side is at most what is posted on the other, where that flag is set."""
    limit = Case(
        When(flagged(where.value, 0), then=Value(LARGEST, output_field=WideIntegerField())), default=F(f"{by}_posted")
    )
    total = F(f"{side}_pending") + F(f"{side}_posted")
    return LessThanOrEqual(ExpressionWrapper(total, output_field=WideIntegerField()), limit)


class Account(TenantModel):
    """A customer's account in one currency. Only the database changes its balances, when a transfer is posted."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="accounts"
    )
    currency = models.CharField(max_length=3, help_text="Empty where the ledger is no currency's.")
    code = models.IntegerField(help_text="What the account is for: its number in the chart of accounts.")
    sub = models.CharField(
        max_length=120, blank=True, default="", help_text="Which one: a gateway, a wallet, a pool, a revenue account."
    )
    ledger = models.BigIntegerField(help_text="ISO 4217 number of the currency, or any other number.")
    flags = models.IntegerField(default=0, help_text="TigerBeetle's account flags, as it was opened with.")
    closed = models.BooleanField(default=False, help_text="Nothing moves until the transfer that closed it is voided.")
    user_data_128 = models.UUIDField(null=True, blank=True)
    user_data_64 = WideIntegerField(default=0, digits=20)
    user_data_32 = models.BigIntegerField(default=0)
    debits_pending = WideIntegerField(default=0, help_text="What pending transfers would debit, in pico-units.")
    debits_posted = WideIntegerField(default=0, help_text="All that was ever debited, in pico-units.")
    credits_pending = WideIntegerField(default=0, help_text="What pending transfers would credit, in pico-units.")
    credits_posted = WideIntegerField(default=0, help_text="All that was ever credited, in pico-units.")
    created_at = models.DateTimeField(help_text="By the tenant's clock.")
    ordinal = models.BigIntegerField(
        db_column="arrival", editable=False, help_text="Its place in the order of recording."
    )

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["customer", "currency", "code", "sub", "tenant_id"], name="ledger_account_identity"
            ),
            models.CheckConstraint(
                condition=Q(_limited("debits", by="credits", where=AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS))
                & Q(_limited("credits", by="debits", where=AccountFlags.CREDITS_MUST_NOT_EXCEED_DEBITS)),
                name="ledger_account_limits",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), account_name(self.code), self.sub) if part)
