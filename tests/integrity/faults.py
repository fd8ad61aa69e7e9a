"""Faults as a table: what is done to the sound books, and which checks then name which record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import pytest
from django.db import connection

from core.access.scope import tenant_id
from tests.support.corrupting import corrupted
from tests.support.dialect import said
from tests.support.verifying import findings


class Fault(NamedTuple):
    """`target` selects an id for `{target}`; `expected` has, by check, the record or the detail that it tells.

    Statements know `{own}` (of this tenant) and `{INV-000002}`, `{c-01}`, `{s-01}`: the ids of what has these names.
    """

    statement: str
    expected: Mapping[str, str]
    target: str = ""


_CHARGE = (
    "SELECT charge.id FROM billing_charge charge LEFT JOIN billing_claim claim ON claim.charge_id = charge.id "
    "WHERE charge.{own} "
)
#: The late usage that no document shows yet.
UNCLAIMED = f"{_CHARGE} AND claim.id IS NULL"
#: The void of the first document took it back.
REVERSAL = f"{_CHARGE} AND charge.reverses_id IS NOT NULL ORDER BY charge.id"
#: On a document that was followed by others of the same payer.
CLAIMED = f"{_CHARGE} AND claim.invoice_id = {{INV-000003}} ORDER BY charge.id"
KEY = "SELECT id FROM billing_chargekeyrow WHERE {own} ORDER BY id"
TREE = "SELECT {c-01}"

_DDL = pytest.mark.postgresql("elsewhere DDL can't be undone: tests/core/db/test_guards.py looks at those guards")
#: Whatever else a fault says first is DDL.
_OF_ROWS = ("INSERT", "UPDATE", "DELETE")
_NAMED = {
    "INV": "(SELECT id FROM billing_invoice WHERE number = '{name}' AND {own})",
    "c": "(SELECT id FROM customers_customer WHERE key = '{name}' AND {own})",
    "s": "(SELECT id FROM contracts_subscription WHERE key = '{name}' AND {own})",
}
_NAMES = [f"INV-{i:06}" for i in range(1, 8)] + [f"{kind}-0{i}" for kind in "cs" for i in (1, 2, 3)]


def each(faults: Sequence[Fault]) -> pytest.MarkDecorator:
    """One case for each fault, named by its statement."""
    return pytest.mark.parametrize(
        "fault",
        [pytest.param(fault, marks=() if fault.statement.startswith(_OF_ROWS) else _DDL) for fault in faults],
        ids=[fault.statement[:60] for fault in faults],
    )


def assert_found(fault: Fault) -> None:
    """Each check that is there for the fault tells what it should, and no other tells anything."""
    found, expected = _found_after(fault)
    assert found.keys() == expected.keys(), found
    assert {name: text for name, text in found.items() if expected[name] not in text} == {}


def _found_after(fault: Fault) -> tuple[dict[str, str], dict[str, str]]:
    """What each check tells of the books with the fault, and what it should tell."""
    own = f"tenant_id = '{tenant_id()}'"
    names = {name: _NAMED[name.partition("-")[0]].format(name=name, own=own) for name in _NAMES}
    known = {"own": own, **names}
    target = _selected(_filled(fault.target, known)) if fault.target else ""
    statements = _filled(fault.statement, {**known, "target": f"'{target}'"}).split("; ")
    with corrupted(*statements):
        found = {
            name: "\n".join(f"{one.subject}: {one.detail}" for one in several) for name, several in findings().items()
        }
    return found, {name: _filled(text, {"target": target}) for name, text in fault.expected.items()}


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _selected(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(said(f"{query} LIMIT 1"))
        found = cursor.fetchone()[0]
    # MariaDB tells a UUID without its hyphens.
    return str(UUID(found) if len(str(found)) == 32 else found)
