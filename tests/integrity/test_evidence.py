"""Charges, their keys and their transfers that somebody tampered with."""

from __future__ import annotations

import pytest

from tests.integrity.faults import KEY, TREE, UNCLAIMED, Fault, assert_found, each

pytestmark = pytest.mark.usefixtures("sound_books")

FAULTS = [
    Fault(
        "DELETE FROM billing_treestate WHERE tree_id = {target}",
        {"billing.due": "tree {target}: it was charged, and nothing says how far it is billed"},
        TREE,
    ),
    Fault(
        "UPDATE billing_treestate SET watermark = watermark - 1 WHERE tree_id = {target}",
        {"billing.due": "(tree {target})"},
        TREE,
    ),
    Fault(
        "DELETE FROM billing_charge WHERE id = {target}",
        {
            "billing.transfers": "transfer {target}: it books a charge without evidence",
            "billing.keys": "the ledger holds another sum for it",
            "billing.unbilled": "c-01 in USD",
            "billing.due": "BooksDiffer",
            "billing.runs": "it says that it booked",
        },
        UNCLAIMED,
    ),
    Fault(
        "UPDATE billing_charge SET payer_id = {c-02} WHERE id = {target}",
        {
            "billing.transfers": "charge {target}: its transfer has another",
            "billing.unbilled": "c-01 in USD: 1200 holds",
        },
        UNCLAIMED,
    ),
    Fault(
        "UPDATE billing_charge SET due_from = '2026-04-01Z' WHERE id = {target}",
        {"billing.transfers": "charge {target}: its transfer has another"},
        UNCLAIMED,
    ),
    Fault(
        "UPDATE billing_charge SET n = 7 WHERE id = {target}",
        {"billing.keys": "numbered", "billing.due": "Books"},
        UNCLAIMED,
    ),
    Fault(
        "UPDATE billing_charge SET rated = '[]' WHERE id = {target}",
        {"billing.keys": "its evidence does not come to what was charged"},
        UNCLAIMED,
    ),
    Fault(
        """UPDATE billing_chargekeyrow SET dimensions = '[["model", "large"]]' WHERE id = {target}""",
        {"billing.keys": "charge key {target}: its id is not derived from its name"},
        KEY,
    ),
    Fault(
        "UPDATE billing_chargekeyrow SET segment_start = '2027-01-01Z' WHERE id = {target}",
        {
            "billing.keys": "charge key {target}: its id is not derived",
            "billing.periods": "charge key {target}: it is of no billed period",
        },
        KEY,
    ),
    Fault(
        "DELETE FROM ledger_transfer WHERE id = {target}",
        {
            "billing.transfers": "charge {target}: it has no transfer",
            "billing.keys": "the ledger holds another sum for it",
            "billing.due": "BooksDiffer",
            "ledger.balances": "1200 unbilled receivable",
        },
        UNCLAIMED,
    ),
    Fault(
        "UPDATE ledger_transfer SET debit_account_id = credit_account_id, credit_account_id = debit_account_id "
        "WHERE id = {target}",
        {
            "billing.transfers": "charge {target}: its transfer has another",
            "billing.keys": "the ledger holds another sum for it",
            "billing.due": "charge key",
            "ledger.balances": "1200 unbilled receivable",
        },
        UNCLAIMED,
    ),
]


@each(FAULTS)
def test_a_fault_is_found(fault: Fault) -> None:
    assert_found(fault)
