"""What every row of a tenant has, and how it is found."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar
from uuid import UUID

from django.db import models
from uuid_utils.compat import uuid7

from core.access import scope

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


def new_id() -> UUID:
    """A UUIDv7: unique, and in time order."""
    return uuid7()


class TenantManager(models.Manager[M_co]):
    """Finds only the rows of the tenant in scope; outside a scope it raises TenantScopeMissing."""

    def get_queryset(self) -> models.QuerySet[M_co]:
        tenant = scope.current()
        rows = super().get_queryset()
        return rows if tenant == scope.EVERY else rows.filter(tenant_id=tenant)


class TenantModel(models.Model):
    """A row of one tenant, with an id in time order."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant_id = models.UUIDField(default=scope.tenant_id, editable=False, help_text="Whose books this belongs to.")

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
