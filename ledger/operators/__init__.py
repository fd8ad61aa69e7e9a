"""The operator's pages about the books."""

from ledger.operators import accounts, trial_balance

__all__ = ["accounts", "trial_balance"]
