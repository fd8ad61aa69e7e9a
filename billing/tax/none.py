"""No tax: for sellers who charge none, and until a tax engine is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from billing.tax.adapter import TaxableLine, TaxCategory


class NoTax:
    def assess(self, lines: Sequence[TaxableLine]) -> list[TaxCategory]:
        """Nothing is taxed."""
        return []
