"""Transfers as values."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transfers import Transfer, between, reverse

MARCH_1 = datetime(2026, 3, 1, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "id": UUID(int=1),
    "ledger": 978,
    "code": 1,
    "effective_at": MARCH_1,
    "journal_id": UUID(int=9),
}
A, B = UUID(int=10), UUID(int=11)
amounts = st.integers(min_value=1, max_value=2**128 - 1)


@given(amounts)
def test_a_negative_amount_is_the_same_pair_the_other_way_round(amount: int) -> None:
    """Blueprint §8."""
    there = between(**FACTS, debit_account_id=A, credit_account_id=B, amount=amount)
    back = between(**FACTS, debit_account_id=A, credit_account_id=B, amount=-amount)
    assert (there.debit_account_id, there.credit_account_id, there.amount) == (A, B, amount)
    assert (back.debit_account_id, back.credit_account_id, back.amount) == (B, A, amount)


@given(amounts)
def test_a_reversal_of_a_reversal_is_the_transfer(amount: int) -> None:
    """Only id, time and journal are its own."""
    transfer = between(**FACTS, debit_account_id=A, credit_account_id=B, amount=amount, user_data_128=UUID(int=5))
    back = reverse(transfer, id=UUID(int=2), effective_at=datetime(2026, 4, 1, tzinfo=UTC), journal_id=UUID(int=8))
    assert (back.debit_account_id, back.credit_account_id, back.amount) == (B, A, amount)
    assert (back.user_data_128, back.code) == (transfer.user_data_128, transfer.code)
    assert reverse(back, id=transfer.id, effective_at=MARCH_1, journal_id=transfer.journal_id) == transfer


@pytest.mark.parametrize("amount", [-1, 2**128, 1.0, True, Decimal("NaN"), Decimal(1), "1"])
def test_an_amount_is_an_unsigned_128_bit_integer(amount: Any) -> None:
    """No float, no decimal, nothing negative gets as far as the database."""
    with pytest.raises(ValueError, match="unsigned 128-bit"):
        Transfer(**FACTS, debit_account_id=A, credit_account_id=B, amount=amount)


def test_a_transfer_counts_from_an_instant() -> None:
    """A time without an offset is no instant."""
    with pytest.raises(ValueError, match="offset"):
        Transfer(**FACTS | {"effective_at": datetime(2026, 3, 1)}, debit_account_id=A, credit_account_id=B, amount=1)  # noqa: DTZ001
