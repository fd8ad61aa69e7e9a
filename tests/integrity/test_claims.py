"""Claims that somebody tampered with: what is shown to whom, and when."""

from __future__ import annotations

import pytest

from tests.integrity.faults import CLAIMED, REVERSAL, UNCLAIMED, Fault, assert_found, each

pytestmark = pytest.mark.usefixtures("sound_books")

#: As if the charge had been booked before any document.
EARLY = "UPDATE billing_charge SET watermark = 0, fact = 0 WHERE id = {target}"
OUTCOME = "UPDATE billing_cutoff SET outcome = '{outcome}', invoice_id = NULL WHERE payer_id = {c-01}"

FAULTS = [
    Fault(EARLY, {"billing.carried": "charge {target}: due from 2026-03-15, and a later document"}, UNCLAIMED),
    Fault(
        f"{OUTCOME.replace('{outcome}', 'nothing')}; {EARLY}",
        {"billing.carried": "charge {target}: due from 2026-03-15, and a later document"},
        UNCLAIMED,
    ),
    Fault(
        "UPDATE billing_invoice SET cut_off_at = '2026-01-01Z' WHERE id = {INV-000003}",
        {"billing.claims": "charge {target}: INV-000003 shows it before it is due"},
        CLAIMED,
    ),
    Fault(
        "DELETE FROM billing_claim WHERE charge_id = {target}",
        {
            "billing.carried": "charge {target}: due from",
            "billing.unbilled": "c-01 in USD",
            "billing.lines": "its charges",
        },
        CLAIMED,
    ),
    Fault(
        "DELETE FROM billing_claim WHERE charge_id = {target}",
        {
            "billing.claims": "invoice INV-000001: it was voided, and not all",
            "billing.carried": "charge {target}: due from",
            "billing.unbilled": "in USD",
        },
        REVERSAL,
    ),
    Fault(
        "UPDATE billing_claim SET invoice_id = {INV-000006} WHERE charge_id = {target}",
        {
            "billing.claims": "charge {target}: INV-000006 shows it to somebody else",
            "billing.lines": "claim its charges are not those with a line of it",
        },
        CLAIMED,
    ),
    Fault(
        "UPDATE ledger_account SET debits_posted = debits_posted + 1 WHERE customer_id = {c-01} AND code = 1200",
        {"billing.unbilled": "c-01 in USD: 1200 holds", "ledger.balances": "1200", "ledger.balanced": "USD"},
    ),
]


@each(FAULTS)
def test_a_fault_is_found(fault: Fault) -> None:
    assert_found(fault)


def test_what_was_carried_forward_may_wait() -> None:
    assert_found(Fault(f"{OUTCOME.replace('{outcome}', 'carried')}; {EARLY}", {}, UNCLAIMED))
