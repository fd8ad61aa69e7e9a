"""Parties, agreements and billed periods that somebody tampered with."""

from __future__ import annotations

import pytest

from tests.integrity.faults import TREE, Fault, assert_found, each

pytestmark = pytest.mark.usefixtures("sound_books")

FAULTS = [
    Fault(
        "UPDATE customers_frozenparty SET body = replace(body, 'c-01 Inc', 'Other Inc') WHERE id = {target}",
        {"customers.parties": "frozen party {target}: its digest"},
        target="SELECT party_id FROM billing_invoice WHERE id = {INV-000002}",
    ),
    Fault(
        "DELETE FROM customers_mark WHERE tree_id = {target} AND number = 2", {"customers.marks": "tree {target}"}, TREE
    ),
    Fault("UPDATE customers_tree SET last_fact = 99 WHERE id = {target}", {"customers.marks": "tree {target}"}, TREE),
    Fault(
        "INSERT INTO customers_claim (id, tenant_id, subject_id, customer_id, from_at, fact) "
        "SELECT gen_random_uuid(), tenant_id, subject_id, {c-03}, '2026-02-01Z', 99 FROM customers_claim "
        "WHERE customer_id = {c-01}",
        {"customers.claims": "subject c-01: claims"},
    ),
    Fault(
        "INSERT INTO customers_billto (id, tenant_id, customer_id, payer_id, from_at, fact) "
        "SELECT gen_random_uuid(), tenant_id, id, {c-03}, '2026-02-01Z', 99 FROM customers_customer WHERE id = {c-01}",
        {"customers.trees": "customer c-01: its payer c-03 is in another tree"},
    ),
    Fault(
        "INSERT INTO customers_tree (id, tenant_id, last_fact) SELECT {target}, tenant_id, 0 FROM customers_tree "
        "WHERE id = {c-01}",
        {"customers.trees": "tree {target}: it has no root customer"},
        "SELECT gen_random_uuid()",
    ),
    Fault(
        "UPDATE customers_customer SET parent_id = {c-03} WHERE id = {c-01}",
        {"customers.trees": "customer c-01: its tree is not its parent's"},
    ),
    Fault(
        "UPDATE contracts_amendmentrow SET reason = 'another' WHERE subscription_id = {s-01} AND number = 0",
        {"contracts.amendments": "amendment s-01 #0: not what was signed: digest"},
    ),
    Fault(
        "DELETE FROM contracts_amendmentrow WHERE subscription_id = {s-03} AND number = 0",
        {
            "contracts.amendments": "amendment s-03 #1: not what was signed: number, previous digest",
        },
    ),
    Fault(
        "DELETE FROM contracts_amendmentrow WHERE subscription_id = {s-02}",
        {"contracts.amendments": "subscription s-02: nobody signed it"},
    ),
    Fault(
        "UPDATE contracts_price SET name = 'Seats' WHERE {own} AND key = 'seats'",
        {"contracts.plans": "plan payg v1: its prices are not what was published"},
    ),
    Fault(
        "DELETE FROM contracts_billedperiod WHERE subscription_id = {s-01} AND start_at = '2026-02-15Z'",
        {
            "contracts.periods": "subscription s-01: before the period 2026-03-15",
            "billing.periods": "is of no billed period of s-01",
            "billing.due": "tree {target}: can't be evaluated: PeriodsDoNotTile",
        },
        TREE,
    ),
    Fault(
        "UPDATE customers_claim SET subscription_id = {s-01}, fact = 99 WHERE {own} AND subscription_id IS NOT NULL",
        {"contracts.claims": "subject c-03: c-03 has no subscription"},
    ),
]


@each(FAULTS)
def test_a_fault_is_found(fault: Fault) -> None:
    assert_found(fault)
