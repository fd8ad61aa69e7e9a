"""The immutable transfers between accounts. What a single column may hold, its domain says (`core.db.domains`)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact, IsNull

from core.db.fields import WideIntegerField
from core.db.ledger.rules import LONGEST, TRANSFER_FLAGS
from core.models import TenantModel
from ledger.chart import transfer_name
from ledger.models.accounts import Account, flagged
from ledger.transfers import RESOLVING, TransferFlags

#: Who posts or voids names the pending transfer, and only what is pending times out.
_KINDS = (
    Q(flags__in=TRANSFER_FLAGS)
    & Exact(flagged(RESOLVING, 0), IsNull(F("pending_id"), rhs=True))
    & (Q(timeout=0) | Q(flagged(TransferFlags.PENDING, TransferFlags.PENDING), timeout__range=(1, LONGEST)))
)


class Transfer(TenantModel):
    """One amount, debited to one account and credited to another. Never changed: a correction is a new one."""

    # The trigger that moves the balances finds both accounts, and none is ever deleted: no foreign key looks again.
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="debits"
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="credits"
    )
    amount = WideIntegerField(help_text="In pico-units: what is moved, or held while it is pending.")
    ledger = models.BigIntegerField(help_text="The same as both accounts'.")
    code = models.IntegerField(help_text="What the transfer is for.")
    user_data_128 = models.UUIDField(null=True, blank=True, help_text="What it is about: a charge key or a document.")
    user_data_64 = WideIntegerField(default=0, digits=20)
    user_data_32 = models.BigIntegerField(default=0)
    flags = models.IntegerField(default=0, help_text="TigerBeetle's transfer flags.")
    pending_id = models.UUIDField(null=True, blank=True, help_text="The pending transfer that this one posts or voids.")
    timeout = models.BigIntegerField(default=0, help_text="Seconds after which a pending transfer expires; 0 is never.")
    journal_id = models.UUIDField(help_text="Shared by the transfers of one operation.")
    effective_at = models.DateTimeField(help_text="When it counts.")
    belongs_at = models.DateTimeField(
        null=True, blank=True, help_text="When it would count, were that accounting period not closed."
    )
    timestamp = models.DateTimeField(help_text="When it was recorded, by the tenant's clock.")
    # The database counts: many transfers share an instant, and a sandbox's clock stands still.
    ordinal = models.BigIntegerField(
        db_column="arrival", editable=False, help_text="Its place in the order of recording."
    )

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["debit_account", "effective_at", "ordinal"], name="ledger_transfer_debits"),
            models.Index(fields=["credit_account", "effective_at", "ordinal"], name="ledger_transfer_credits"),
            models.Index(fields=["user_data_128"], name="ledger_transfer_about"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=~Q(debit_account=F("credit_account")), name="ledger_transfer_accounts"),
            models.CheckConstraint(condition=_KINDS, name="ledger_transfer_kind"),
        ]

    def __str__(self) -> str:
        return f"{transfer_name(self.code)} {self.id}"
