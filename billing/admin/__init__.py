"""Billing in the console: everything can be read, nothing issued can be changed."""

from billing.admin import charges, documents, runs

__all__ = ["charges", "documents", "runs"]
