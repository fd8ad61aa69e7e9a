"""What an accounting cut-off adds to the books for service that was given and is not charged yet. Pure."""

from __future__ import annotations


def accrued(*, earned: int, charged: int) -> int:
    """What the accrual key is due for, in pico-units: earned and not charged yet, and zero once it is (§7.2).

    Posted as a difference like any key, so that it reverses itself at the first cut-off after the charge.
    """
    return max(0, earned - charged)
