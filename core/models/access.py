"""Tenants, and who may do what in them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from core.models.base import TenantModel, new_id


class Tenant(models.Model):
    """A closed set of books: a business unit, or a sandbox."""

    class Kind(models.TextChoices):
        LIVE = "live", "live"
        SANDBOX = "sandbox", "sandbox"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=120, unique=True, help_text="The name that commands and URLs use.")
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    clock_at = models.DateTimeField(
        null=True, blank=True, help_text="A sandbox's test clock: what its books take for now. Empty on a live tenant."
    )
    time_zone = models.CharField(
        max_length=60, default="UTC", help_text="Whose calendar days and months the books are kept in."
    )
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(kind="sandbox", clock_at__isnull=False)
                | models.Q(kind="live", clock_at__isnull=True),
                name="core_tenant_clock_of_sandbox",
            )
        ]

    def __str__(self) -> str:
        return self.key


class Role(models.TextChoices):
    OWNER = "owner", "owner"
    FINANCE = "finance", "finance"
    SUPPORT = "support", "support"
    ENGINEER = "engineer", "engineer"
    AUDITOR = "auditor", "auditor"


class Membership(TenantModel):
    """An operator's role in a tenant."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["tenant_id", "user"], name="core_membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class ApiKey(TenantModel):
    """A key of the REST API, kept only as its SHA-256."""

    prefix = models.CharField(max_length=20, help_text="How the key begins: enough to tell it from others.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the whole key.")
    scopes = models.JSONField(default=list, help_text="What it may do, such as events:write.")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}…"
