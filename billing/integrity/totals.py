"""A document's total is the sum of its lines, its tax, and what the ledger says is receivable for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from billing.models import Invoice
from core.db.asking import count, faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from core.money import PICO, format_pico
from ledger.chart import Code, TransferCode
from ledger.models import Transfer

_DOCUMENT_CODES = (TransferCode.INVOICE_OPENED, TransferCode.TAX, TransferCode.INVOICE_VOIDED)
_PAYMENT_CODES = (TransferCode.PAYMENT, TransferCode.UNAPPLIED_APPLIED, TransferCode.PAYMENT_UNAPPLIED)

# ruff: noqa: S608 - the statements are made of constants
_UNSUMMED = """
SELECT invoice.number, invoice.net, invoice.tax, invoice.gross, COALESCE(SUM(line.amount), 0)
FROM billing_invoice invoice
LEFT JOIN billing_invoiceline line ON line.invoice_id = invoice.id
WHERE invoice.tenant_id = %(tenant)s
GROUP BY invoice.id, invoice.number, invoice.net, invoice.tax, invoice.gross
HAVING COALESCE(SUM(line.amount), 0) <> invoice.net OR invoice.net + invoice.tax <> invoice.gross
ORDER BY invoice.number
"""

_MOVED = """
SELECT transfer.user_data_128 AS invoice_id, account.customer_id, account.currency, {sign}transfer.amount AS amount
FROM ledger_transfer transfer JOIN ledger_account account ON account.id = transfer.{side}_account_id
WHERE transfer.tenant_id = %(tenant)s AND transfer.code IN ({codes}) AND account.code = {receivable:d}
"""

_RECEIVABLE = """
SELECT invoice.number, invoice.state, invoice.gross, COALESCE(SUM(moved.amount), 0)
FROM billing_invoice invoice
LEFT JOIN ({debits} UNION ALL {credits}) moved
    ON moved.invoice_id = invoice.id AND moved.customer_id = invoice.payer_id AND moved.currency = invoice.currency
WHERE invoice.tenant_id = %(tenant)s
GROUP BY invoice.id, invoice.number, invoice.state, invoice.gross
HAVING {wrong}
ORDER BY invoice.number
"""

_NOT_GROSS = f"COALESCE(SUM(moved.amount), 0) <> CASE invoice.state WHEN 'void' THEN 0 ELSE invoice.gross * {PICO} END"
_NOT_ITS_STATE = (
    "(COALESCE(SUM(moved.amount), 0) > 0) <> (invoice.state = 'open') OR COALESCE(SUM(moved.amount), 0) < 0"
)

_UNDOCUMENTED = f"""
SELECT transfer.id FROM ledger_transfer transfer
LEFT JOIN billing_invoice invoice ON invoice.id = transfer.user_data_128 AND invoice.tenant_id = transfer.tenant_id
WHERE transfer.tenant_id = %(tenant)s AND invoice.id IS NULL
  AND transfer.code IN ({", ".join(str(int(code)) for code in (*_DOCUMENT_CODES, *_PAYMENT_CODES))})
ORDER BY transfer.id
"""


def _totals() -> Outcome:
    found = [
        Finding(f"invoice {number}", f"net {net:f}, tax {tax:f}, gross {gross:f}; its lines come to {lines:f}")
        for number, net, tax, gross, lines in (faults(_UNSUMMED) if holds(Invoice) else ())
    ]
    return outcome(count(Invoice), "documents", found)


def _receivables() -> Outcome:
    found = [
        Finding(f"invoice {number}", f"{state}, gross {gross:f}; the ledger moved {format_pico(int(moved))}")
        for number, state, gross, moved in _wrongly_moved(_DOCUMENT_CODES, wrong=_NOT_GROSS)
    ]
    undocumented = faults(_UNDOCUMENTED) if holds(Transfer) else ()
    found += [Finding(f"transfer {identity}", "its document is missing") for (identity,) in undocumented]
    return outcome(count(Invoice), "documents", found)


def _states() -> Outcome:
    codes = (*_DOCUMENT_CODES, *_PAYMENT_CODES)
    found = [
        Finding(f"invoice {number}", f"{state}, and the ledger says that {format_pico(int(left))} is left to pay")
        for number, state, _, left in _wrongly_moved(codes, wrong=_NOT_ITS_STATE)
    ]
    return outcome(count(Invoice), "documents", found)


def _wrongly_moved(codes: Collection[TransferCode], *, wrong: str) -> list[tuple[Any, ...]]:
    """The documents whose movements of these codes on their payer's 1100 are wrong."""
    return faults(_receivable(codes, wrong=wrong)) if holds(Invoice) else []


def _receivable(codes: Collection[TransferCode], *, wrong: str) -> str:
    listed = ", ".join(str(int(code)) for code in codes)
    fields = {"codes": listed, "receivable": Code.ACCOUNTS_RECEIVABLE}
    return _RECEIVABLE.format(
        debits=_MOVED.format(sign="", side="debit", **fields),
        credits=_MOVED.format(sign="-", side="credit", **fields),
        wrong=wrong,
    )


CHECKS = (
    Check("billing.totals", 7, "A document's net is the sum of its lines, its gross net and tax.", _totals),
    Check(
        "billing.receivables",
        7,
        "A document's gross is its receivable movement in the ledger, a void one's nothing.",
        _receivables,
    ),
    Check(
        "billing.states",
        8,
        "A document is open while the ledger says that something is left to pay, and never overpaid.",
        _states,
    ),
)
