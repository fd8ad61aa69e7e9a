"""What other floors need to know of parties, as values."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from core.period import Period


class CustomerFacts(msgspec.Struct, frozen=True):
    """What billing needs to know of a customer; bill_tos are (from, payer), oldest fact first."""

    id: UUID
    key: str
    tree_id: UUID
    parent_id: UUID | None
    time_zone: str
    consolidate: bool
    bill_tos: tuple[tuple[datetime, UUID], ...] = ()


class ClaimedSubject(msgspec.Struct, frozen=True):
    """During `period` usage under `subject` belongs to this customer, or more narrowly to one subscription."""

    customer_id: UUID
    subscription_id: UUID | None
    subject: str
    period: Period
