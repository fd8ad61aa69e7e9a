"""Documents, their lines, numbers and bytes that somebody tampered with."""

from __future__ import annotations

import pytest

from tests.integrity.faults import Fault, assert_found, each

pytestmark = pytest.mark.usefixtures("sound_books")

FAULTS = [
    Fault(
        "UPDATE billing_series SET last = last + 1 WHERE {own}",
        {"billing.numbers": "series invoice of seller: its last"},
    ),
    Fault(
        "INSERT INTO billing_series (id, tenant_id, seller_id, kind, last) "
        "SELECT gen_random_uuid(), tenant_id, seller_id, 'credit_note', 3 FROM billing_series WHERE {own}",
        {"billing.numbers": "series credit_note of seller {target}: 3 numbers were taken, and there is no document"},
        "SELECT id FROM customers_seller WHERE {own}",
    ),
    Fault("DELETE FROM billing_series WHERE {own}", {"billing.numbers": "series invoice of seller: its last"}),
    Fault(
        "UPDATE billing_invoice SET sequence = 17 WHERE id = {INV-000003}",
        {"billing.numbers": "invoice INV-000004: no document has the number before 4"},
    ),
    Fault(
        "UPDATE billing_invoice SET sequence = NULL WHERE id = {INV-000003}", {"billing.numbers": "it has no number"}
    ),
    Fault(
        "UPDATE billing_invoice SET issued_at = '2026-01-01Z' WHERE id = {INV-000003}",
        {"billing.numbers": "invoice INV-000003: it was issued before the document with the number before it"},
    ),
    Fault(
        "UPDATE billing_invoice SET body = replace(body, 'Acme AI', 'Ache AI') WHERE id = {INV-000002}",
        {"billing.documents": "invoice INV-000002: not as it was issued: digest"},
    ),
    Fault(
        """UPDATE billing_invoice SET body = regexp_replace(body, '"breakdown":.*?\\]', '"breakdown":[]') """
        "WHERE id = {INV-000002}",
        {"billing.documents": "invoice INV-000002 line 1: its arithmetic comes to 0, its amount is "},
    ),
    Fault(
        "UPDATE billing_invoice SET body = body || ' ' WHERE id = {INV-000002}",
        {"billing.documents": "invoice INV-000002: not as it was issued: body"},
    ),
    Fault(
        "UPDATE billing_invoice SET body = 'x' WHERE id = {INV-000002}",
        {"billing.documents": "invoice INV-000002: not as it was issued: body (JSONDecodeError"},
    ),
    Fault(
        "UPDATE billing_invoice SET due_on = due_on + 1, number = 'INV-2' WHERE id = {INV-000002}",
        {"billing.documents": "invoice INV-2: not as it was issued: number, due_on"},
    ),
    Fault(
        "UPDATE billing_invoice SET payer_id = {c-03} WHERE id = {INV-000003}",
        {
            "billing.documents": "invoice INV-000003: not as it was issued: buyer",
            "billing.claims": "INV-000003 shows it to somebody else",
            "billing.receivables": "invoice INV-000003",
        },
    ),
    Fault(
        "UPDATE billing_invoice SET gross = gross + 1 WHERE id = {INV-000002}",
        {
            "billing.documents": "invoice INV-000002: not as it was issued: gross",
            "billing.totals": "invoice INV-000002: net",
            "billing.receivables": "invoice INV-000002: paid, gross",
        },
    ),
    Fault(
        "UPDATE billing_invoiceline SET description = 'Gift' WHERE invoice_id = {INV-000002}",
        {"billing.documents": "invoice INV-000002: not as it was issued: lines"},
    ),
    Fault(
        "UPDATE billing_invoiceline SET amount = amount + 1 WHERE invoice_id = {INV-000002} AND position = 1",
        {
            "billing.documents": "invoice INV-000002: not as it was issued: lines",
            "billing.totals": "invoice INV-000002: net",
            "billing.lines": "invoice INV-000002 line 1: it shows",
        },
    ),
    Fault(
        "UPDATE billing_invoiceline SET exact = exact + 1e-12 WHERE invoice_id = {INV-000002} AND position = 1",
        {
            "billing.documents": "invoice INV-000002: not as it was issued: lines",
            "billing.lines": "invoice INV-000002 line 1: its exact amount is",
        },
    ),
    Fault(
        "UPDATE billing_rendition SET content = content || 'x' WHERE {own}",
        {"billing.renditions": "application/pdf of invoice INV-000006: its digest is not that of its bytes"},
    ),
    Fault(
        "UPDATE billing_rendition SET content = 'forged', digest = encode(sha256('forged'), 'hex') WHERE {own}",
        {"billing.renditions": "application/pdf of invoice INV-000006: rendering the document again gives other bytes"},
    ),
    Fault(
        "UPDATE ledger_transfer SET user_data_128 = {target} WHERE code = 10 AND user_data_128 = {INV-000002}",
        {
            "billing.receivables": "its document is missing",
            "billing.states": "invoice INV-000002: paid, and the ledger says",
        },
        target="SELECT gen_random_uuid()",
    ),
    Fault(
        "UPDATE billing_invoice SET state = 'paid' WHERE id = {INV-000005}",
        {"billing.states": "invoice INV-000005: paid, and the ledger says that"},
    ),
    Fault(
        "UPDATE billing_invoice SET state = 'open' WHERE id = {INV-000002}",
        {"billing.states": "invoice INV-000002: open, and the ledger says that 0 is left to pay"},
    ),
    Fault(
        "UPDATE billing_invoice SET state = 'open' WHERE id = {INV-000001}",
        {
            "billing.claims": "it does not take back what INV-000001 showed",
            "billing.receivables": "invoice INV-000001: open, gross",
            "billing.states": "invoice INV-000001: open, and",
        },
    ),
]


@each(FAULTS)
def test_a_fault_is_found(fault: Fault) -> None:
    assert_found(fault)
