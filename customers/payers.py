"""Who pays for a customer at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from customers.values import CustomerFacts


def payer_of(customer_id: UUID, *, at: datetime, customers: Mapping[UUID, CustomerFacts]) -> UUID:
    """The bill-to in force at `at`; else, where consolidated, whoever pays for the parent; else the customer."""
    customer = customers[customer_id]
    # Oldest fact first: of the rows in force the latest start wins, and of equal starts the latest fact.
    in_force = [(from_at, n, payer) for n, (from_at, payer) in enumerate(customer.bill_tos) if from_at <= at]
    if in_force:
        return max(in_force)[2]
    if customer.consolidate and customer.parent_id is not None:
        return payer_of(customer.parent_id, at=at, customers=customers)
    return customer_id
