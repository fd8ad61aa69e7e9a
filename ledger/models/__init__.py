"""Accounts, the immutable transfers between them, and how the pending ones stand; accounting periods."""

from __future__ import annotations

from ledger.models.accounts import BALANCES, Account
from ledger.models.pending import Expiry, FailedTransfer, Pending
from ledger.models.periods import AccountingPeriod
from ledger.models.transfers import Transfer

__all__ = ["BALANCES", "Account", "AccountingPeriod", "Expiry", "FailedTransfer", "Pending", "Transfer"]
