"""Seals: the chain of digests over all rows that may not change."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models.base import TenantModel


class Seal(TenantModel):
    """One link of a tenant's chain. Never changed; the one after it holds its digest."""

    number = models.BigIntegerField(help_text="Dense within the tenant, from 1.")
    previous = models.CharField(max_length=64, help_text="Digest of the seal before; zeros for the first.")
    digest = models.CharField(
        max_length=64,
        help_text="SHA-256 of the tenant, the number, the previous digest, the time, the cut and the parts.",
    )
    made_at = models.DateTimeField(help_text="By the tenant's clock.")
    cut = models.BigIntegerField(help_text="The chain covers all rows that arrived up to this number.")
    rows = models.BigIntegerField(help_text="How many rows its parts cover.")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "number"], name="core_seal_number"),
            models.UniqueConstraint(fields=["tenant_id", "previous"], name="core_seal_previous"),
        ]

    def __str__(self) -> str:
        return f"seal {self.number}"


class SealPart(TenantModel):
    """Some rows of one table, in order of arrival. Never changed."""

    # Written before the seal, whose digest is known only then.
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, db_constraint=False, related_name="parts")
    position = models.PositiveIntegerField(help_text="From 1.")
    table = models.CharField(max_length=64)
    columns = models.JSONField(help_text="Pairs of column and kind: what of a row the digests cover, in this order.")
    after = models.BigIntegerField(help_text="Arrivals above this one,")
    through = models.BigIntegerField(help_text="up to this one.")
    rows = models.BigIntegerField(help_text="How many rows of the tenant these are.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the rows' digests, in order of arrival.")
    leaves = models.BinaryField(
        help_text="Each row's id and the beginning of its digest: they name a row that changed."
    )

    class Meta:
        verbose_name = "part of a seal"
        verbose_name_plural = "parts of seals"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["seal", "position"], name="core_sealpart_position"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.after}-{self.through}"
