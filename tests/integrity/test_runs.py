"""Runs that nobody closed, and runs that say other than they did."""

from __future__ import annotations

import pytest

from tests.integrity.faults import Fault, assert_found, each

pytestmark = pytest.mark.usefixtures("sound_books")

FIRST = "SELECT id FROM billing_run WHERE {own} ORDER BY id"

FAULTS = [
    Fault(
        "UPDATE billing_run SET state = 'applying', finished_at = NULL WHERE id = {target}",
        {"billing.runs": "run {target} through 2026-03-01: its process is gone"},
        FIRST,
    ),
    Fault(
        "UPDATE billing_run SET booked = '{}' WHERE id = {target}",
        {"billing.runs": "run {target} through 2026-03-01: it says that it booked {}, its charges come to {'USD'"},
        FIRST,
    ),
    Fault(
        "UPDATE billing_runitem SET state = 'planned' WHERE run_id = {target}",
        {"billing.runs": "it is finished, and of its items {'planned': "},
        FIRST,
    ),
    Fault(
        "UPDATE billing_runitem SET state = 'planned' WHERE run_id = {target}; "
        "UPDATE billing_run SET state = 'interrupted' WHERE id = {target}",
        {"billing.runs": "it is closed, and an item of it is still planned"},
        FIRST,
    ),
]


@each(FAULTS)
def test_a_fault_is_found(fault: Fault) -> None:
    assert_found(fault)
