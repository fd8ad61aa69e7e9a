"""Who did what, to which record, when."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from core import audit
from core.actor import SYSTEM, Actor
from core.audit import Entry
from core.events import Event
from core.models import AuditRecord, Tenant
from tests.support.undoing import undone
from tests.support.world import instant

AT = instant("2026-02-03")
pytestmark = pytest.mark.usefixtures("fresh_books")


def _recorded() -> list[AuditRecord]:
    return list(AuditRecord.objects.exclude(event=Event.TENANT_CREATED).order_by("id"))


def test_a_record_says_who_did_what_to_which_when_and_why(fresh_books: Tenant) -> None:
    token = audit.request_id.set("req-12345678")
    try:
        audit.record(
            actor=Actor(kind="operator", name="ann@example.com"),
            event=Event.TENANT_CHANGED,
            subject=fresh_books,
            at=AT,
            before={"name": "Old"},
            after={"name": "New"},
            reason="asked for",
        )
    finally:
        audit.request_id.reset(token)
    (row,) = _recorded()
    assert (row.tenant_id, row.event, row.at) == (fresh_books.id, "tenant.changed", AT)
    assert (row.actor_kind, row.actor_name, row.reason) == ("operator", "ann@example.com", "asked for")
    assert (row.subject_type, row.subject_id) == ("tenant", str(fresh_books.id))
    assert (row.before, row.after, row.request_id) == ({"name": "Old"}, {"name": "New"}, "req-12345678")


def test_outside_a_request_there_is_no_request_id() -> None:
    audit.record(actor=SYSTEM, event=Event.TENANT_CHANGED, subject=("tree", "x"), at=AT)
    (row,) = _recorded()
    assert (row.request_id, row.before, row.after, row.reason) == ("", None, None, "")
    assert (row.subject_type, row.subject_id) == ("tree", "x")


def test_values_are_kept_as_plain_json_without_losing_a_digit() -> None:
    after = {"id": UUID(int=7), "amount": Decimal("0.10"), "on": date(2026, 1, 31), "n": 10**30, "of": ("a", None)}
    audit.record(actor=SYSTEM, event=Event.TENANT_CHANGED, subject=("x", "1"), at=AT, after=after)
    assert _recorded()[0].after == {
        "id": "00000000-0000-0000-0000-000000000007",
        "amount": "0.10",
        "on": "2026-01-31",
        "n": 10**30,
        "of": ["a", None],
    }


def test_what_is_undone_leaves_no_trace_of_itself() -> None:
    """The record is in the operation's own transaction."""
    with undone():
        audit.record(actor=SYSTEM, event=Event.TENANT_CHANGED, subject=("x", "1"), at=AT)
    assert _recorded() == []


def test_many_operations_are_recorded_in_their_order() -> None:
    entries = [Entry(event=Event.ITEM_PARKED, subject=("item", str(n)), reason=f"r{n}") for n in range(5)]
    audit.record_many(entries, actor=SYSTEM, at=AT)
    assert [(row.subject_id, row.reason) for row in _recorded()] == [(str(n), f"r{n}") for n in range(5)]
