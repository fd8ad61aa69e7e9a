from billing.models.charges import Charge, ChargeKeyRow, TreeState
from billing.models.invoices import Claim, CutOff, Invoice, InvoiceLine, Rendition, Series
from billing.models.runs import Run, RunItem

__all__ = [
    "Charge",
    "ChargeKeyRow",
    "Claim",
    "CutOff",
    "Invoice",
    "InvoiceLine",
    "Rendition",
    "Run",
    "RunItem",
    "Series",
    "TreeState",
]
