"""Accounts, and the immutable transfers between them."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.lookups import Exact, LessThanOrEqual

from core.db.fields import WideIntegerField
from core.models import TenantModel
from customers.models import Customer
from ledger.accounts import LARGEST
from ledger.chart import AccountFlags, account_name, transfer_name

BALANCES = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
_UINT16 = 2**16 - 1


def _within(*fields: str) -> Q:
    # The upper bound also stops NaN, which PostgreSQL holds to be above every number.
    return Q(**{f"{field}__gte": 0 for field in fields}, **{f"{field}__lte": LARGEST for field in fields})


def _guarded(flag: AccountFlags, *, side: str, by: str) -> Any:
    """Where the flag is set, what stands and is pending on one side is covered by what is posted on the other."""
    total = ExpressionWrapper(F(f"{side}_pending") + F(f"{side}_posted"), output_field=WideIntegerField())
    return Exact(F("flags").bitand(flag.value), 0) | LessThanOrEqual(total, F(f"{by}_posted"))


class Account(TenantModel):
    """A customer's account in one currency. Only the database changes its balances, when a transfer is posted."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="accounts"
    )
    currency = models.CharField(max_length=3)
    code = models.PositiveIntegerField(help_text="What the account is for: its number in the chart of accounts.")
    sub = models.CharField(
        max_length=120, blank=True, default="", help_text="Which one: a gateway, a wallet, a pool, a revenue account."
    )
    ledger = models.PositiveIntegerField(help_text="ISO 4217 number of the currency.")
    flags = models.PositiveIntegerField(default=0, help_text="TigerBeetle's account flags.")
    debits_pending = WideIntegerField(default=0)
    debits_posted = WideIntegerField(default=0, help_text="All that was ever debited, in pico-units.")
    credits_pending = WideIntegerField(default=0)
    credits_posted = WideIntegerField(default=0, help_text="All that was ever credited, in pico-units.")
    created_at = models.DateTimeField(help_text="By the tenant's clock.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["customer", "currency", "code", "sub", "tenant_id"], name="ledger_account_identity"
            ),
            models.CheckConstraint(condition=_within(*BALANCES), name="ledger_account_balances"),
            models.CheckConstraint(condition=Q(code__gte=1, code__lte=_UINT16), name="ledger_account_code"),
            models.CheckConstraint(condition=Q(ledger__gte=1), name="ledger_account_ledger"),
            models.CheckConstraint(
                condition=_guarded(AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS, side="debits", by="credits"),
                name="ledger_account_debits_guarded",
            ),
            models.CheckConstraint(
                condition=_guarded(AccountFlags.CREDITS_MUST_NOT_EXCEED_DEBITS, side="credits", by="debits"),
                name="ledger_account_credits_guarded",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), account_name(self.code), self.sub) if part)


class Transfer(TenantModel):
    """One positive amount, debited to one account and credited to another. Never changed: a correction is a new one."""

    # The trigger that moves the balances finds both accounts, and none is ever deleted: no foreign key looks again.
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="debits"
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="credits"
    )
    amount = WideIntegerField(help_text="In pico-units, above zero.")
    ledger = models.PositiveIntegerField(help_text="ISO 4217 number of the currency, the same as both accounts'.")
    code = models.PositiveIntegerField(help_text="What the transfer is for.")
    user_data_128 = models.UUIDField(null=True, blank=True, help_text="What it is about: a charge key or a document.")
    user_data_64 = models.BigIntegerField(default=0)
    user_data_32 = models.BigIntegerField(default=0)
    flags = models.PositiveIntegerField(default=0)
    pending_id = models.UUIDField(null=True, blank=True)
    timeout = models.PositiveIntegerField(default=0)
    journal_id = models.UUIDField(help_text="Shared by the transfers of one operation.")
    effective_at = models.DateTimeField(help_text="When it counts.")
    timestamp = models.DateTimeField(help_text="When it was recorded, by the tenant's clock.")

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["debit_account", "effective_at", "timestamp"], name="ledger_transfer_debits"),
            models.Index(fields=["credit_account", "effective_at", "timestamp"], name="ledger_transfer_credits"),
            models.Index(fields=["user_data_128"], name="ledger_transfer_about"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(amount__gte=1, amount__lte=LARGEST), name="ledger_transfer_amount"),
            models.CheckConstraint(condition=~Q(debit_account=F("credit_account")), name="ledger_transfer_accounts"),
            models.CheckConstraint(condition=~Q(id__in=[UUID(int=0), UUID(int=LARGEST)]), name="ledger_transfer_id"),
            models.CheckConstraint(condition=Q(code__gte=1, code__lte=_UINT16), name="ledger_transfer_code"),
            models.CheckConstraint(
                condition=Q(flags=0, pending_id__isnull=True, timeout=0), name="ledger_transfer_plain"
            ),
        ]

    def __str__(self) -> str:
        return f"{transfer_name(self.code)} {self.id}"
