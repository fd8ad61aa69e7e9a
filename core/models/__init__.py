from core.models.access import ApiKey, Membership, Tenant
from core.models.base import TenantManager, TenantModel, new_id
from core.models.journal import AuditRecord, Delivery, Message

__all__ = [
    "ApiKey",
    "AuditRecord",
    "Delivery",
    "Membership",
    "Message",
    "Tenant",
    "TenantManager",
    "TenantModel",
    "new_id",
]
