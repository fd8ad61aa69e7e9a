from contracts.models.catalogue import Plan, PlanVersion, Price, Product
from contracts.models.subscription import AmendmentRow, BilledPeriod, Subscription

__all__ = ["AmendmentRow", "BilledPeriod", "Plan", "PlanVersion", "Price", "Product", "Subscription"]
