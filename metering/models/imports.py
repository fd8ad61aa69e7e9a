"""How far the import of a file has come."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from core.models import TenantModel


class Import(TenantModel):
    """One import of a file; brought forward in the transaction of each chunk, so that it can be taken up again."""

    file_name = models.CharField(max_length=300)
    file_digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    options_digest = models.CharField(max_length=64, help_text="SHA-256 of the options that say how to read it.")
    rows_done = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    conflict = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    blocked = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(help_text="By the tenant's clock.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Empty while rows are still to come.")

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["tenant_id", "file_digest", "options_digest"], name="metering_import_file")
        ]

    def __str__(self) -> str:
        return self.file_name
