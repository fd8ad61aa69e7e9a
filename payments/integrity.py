"""Money that came in is in the ledger, and none of it settles more than was owed."""

from __future__ import annotations

from core.db.asking import count, faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from core.money import PICO, format_pico
from ledger.chart import Code, TransferCode
from ledger.models import Account, Transfer
from payments.models import Payment

# ruff: noqa: S608 - the statements are constants
_UNCLEARED = f"""
SELECT sums.gateway, customer.key, sums.currency, SUM(sums.balance), SUM(sums.received) FROM (
    SELECT sub AS gateway, customer_id, currency, debits_posted - credits_posted AS balance, 0 AS received
    FROM ledger_account WHERE tenant_id = %(tenant)s AND code = {Code.CASH_CLEARING:d}
    UNION ALL
    SELECT method, payer_id, currency, 0, amount * {PICO} FROM payments_payment WHERE tenant_id = %(tenant)s
) sums
JOIN customers_customer customer ON customer.id = sums.customer_id
GROUP BY sums.gateway, customer.key, sums.currency
HAVING SUM(sums.balance) <> SUM(sums.received)
ORDER BY sums.gateway, customer.key, sums.currency
"""

_UNPOSTED = f"""
SELECT invoice.number, SUM(sums.applied), SUM(sums.kept) FROM (
    SELECT invoice_id, applied * {PICO} AS applied, (amount - applied) * {PICO} AS kept
    FROM payments_payment WHERE tenant_id = %(tenant)s
    UNION ALL
    SELECT user_data_128, CASE code WHEN {TransferCode.PAYMENT:d} THEN -amount ELSE 0 END,
        CASE code WHEN {TransferCode.OVERPAYMENT:d} THEN -amount ELSE 0 END
    FROM ledger_transfer
    WHERE tenant_id = %(tenant)s AND code IN ({TransferCode.PAYMENT:d}, {TransferCode.OVERPAYMENT:d})
) sums
LEFT JOIN billing_invoice invoice ON invoice.id = sums.invoice_id
GROUP BY sums.invoice_id, invoice.number
HAVING SUM(sums.applied) <> 0 OR SUM(sums.kept) <> 0
ORDER BY invoice.number
"""

_OVERPAID = """
SELECT invoice.number, invoice.gross, SUM(payment.applied)
FROM payments_payment payment JOIN billing_invoice invoice ON invoice.id = payment.invoice_id
WHERE payment.tenant_id = %(tenant)s
GROUP BY invoice.id, invoice.number, invoice.gross
HAVING SUM(payment.applied) > invoice.gross
ORDER BY invoice.number
"""


def _cash() -> Outcome:
    found = [
        Finding(
            f"{gateway} of {key} in {currency}",
            f"1000 holds {format_pico(int(balance))}, payments come to {format_pico(int(received))}",
        )
        for gateway, key, currency, balance, received in (faults(_UNCLEARED) if holds(Account, Payment) else ())
    ]
    return outcome(count(Payment), "payments", found)


def _applied() -> Outcome:
    found = [
        Finding(
            f"invoice {number}",
            f"payments and the ledger differ by {format_pico(int(applied))} applied and {format_pico(int(kept))} kept",
        )
        for number, applied, kept in (faults(_UNPOSTED) if holds(Payment, Transfer) else ())
    ]
    found += [
        Finding(f"invoice {number}", f"gross {gross:f}, and {applied:f} was applied to it")
        for number, gross, applied in (faults(_OVERPAID) if holds(Payment) else ())
    ]
    return outcome(count(Payment), "payments", found)


CHECKS: tuple[Check, ...] = (
    Check("payments.cash", 8, "Cash clearing is the sum of the payments recorded.", _cash),
    Check(
        "payments.applied",
        8,
        "What payments settle is what the ledger says, and no more than the document's gross.",
        _applied,
    ),
)
