from core.models.access import ApiKey, Membership, Tenant
from core.models.base import TenantManager, TenantModel, new_id
from core.models.journal import AuditRecord, Delivery, Message
from core.models.seals import Seal, SealPart

__all__ = [
    "ApiKey",
    "AuditRecord",
    "Delivery",
    "Membership",
    "Message",
    "Seal",
    "SealPart",
    "Tenant",
    "TenantManager",
    "TenantModel",
    "new_id",
]
