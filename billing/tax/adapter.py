"""What any tax engine must answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class TaxableLine(msgspec.Struct, frozen=True, kw_only=True):
    """A rounded line: its net amount in pico-units."""

    line_id: str
    net: int


class TaxCategory(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the VAT breakdown (EN 16931 BG-23); rate in percent as a plain decimal, amounts in pico-units."""

    category: str
    rate: str
    taxable: int
    tax: int


class TaxEngine(Protocol):
    """Answers for one document at a time."""

    def assess(self, lines: Sequence[TaxableLine]) -> list[TaxCategory]:
        """The breakdown by category and rate; empty where no tax applies."""
        ...
