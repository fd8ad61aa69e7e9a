"""Payments that somebody tampered with."""

from __future__ import annotations

import pytest

from tests.integrity.faults import Fault, assert_found, each

pytestmark = pytest.mark.usefixtures("sound_books")

FAULTS = [
    Fault(
        "DELETE FROM payments_payment WHERE invoice_id = {INV-000002}",
        {"payments.cash": "bank_transfer of", "payments.applied": "invoice INV-000002: payments and the ledger differ"},
    ),
    Fault(
        "UPDATE payments_payment SET amount = amount + 1 WHERE invoice_id = {INV-000002}",
        {
            "payments.cash": "bank_transfer of",
            "payments.applied": "INV-000002: payments and the ledger differ by 0 applied and 1 kept",
        },
    ),
    Fault(
        "UPDATE payments_payment SET applied = applied - 1 WHERE invoice_id = {INV-000002}",
        {"payments.applied": "invoice INV-000002: payments and the ledger differ by -1 applied and 1 kept"},
    ),
    Fault(
        "UPDATE payments_payment SET applied = amount WHERE invoice_id = {INV-000003}",
        {"payments.applied": "was applied to it"},
    ),
]


@each(FAULTS)
def test_a_fault_is_found(fault: Fault) -> None:
    assert_found(fault)
