"""Drafts as live views: what payers owe by a cut-off and no document shows yet."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.invoicing import gathering
from billing.invoicing.draft import Draft
from billing.invoicing.gathering import Wanted, claimed_charges
from billing.models import Charge, Invoice
from core.models import Tenant
from core.money import format_pico
from customers import selectors
from tests.billing import small
from tests.billing.small import FEE, TOKENS, use
from tests.support import world
from tests.support.world import instant


@pytest.fixture(autouse=True)
def agreed(books: Tenant) -> None:
    small.agree(TOKENS, FEE, customers=[world.customer(), world.customer("c-02")])
    use("e-1", 25)
    use("e-2", 40, customer="c-02")


def _wanted(customer: str, cut_off: str, currency: str = "USD") -> Wanted:
    return Wanted(instant(cut_off), selectors.customer(customer).id, currency)


def _drafts(*wanted: Wanted) -> list[Draft]:
    return gathering.drafts(wanted, seller=selectors.seller())


def _lines(draft: Draft) -> list[str]:
    return [f"{one.facts.price.key} {one.service_start:%m-%d} {format_pico(one.amount)}" for one in draft.lines]


def test_a_draft_shows_what_fell_due_by_its_cut_off_and_is_on_no_document() -> None:
    small.book("c-01", "c-02", through="2026-02-01")
    january, february = _drafts(_wanted("c-01", "2026-01-31"), _wanted("c-01", "2026-02-01"))
    assert _lines(january) == ["fee 01-01 310"]
    assert _lines(february) == ["fee 01-01 310", "tokens 01-01 2.5", "fee 02-01 310"]
    assert (february.payer_id, february.currency, february.cut_off_at) == (
        selectors.customer("c-01").id,
        "USD",
        instant("2026-02-01"),
    )


def test_only_drafts_with_lines_are_made_in_the_order_asked_for() -> None:
    small.book("c-01", "c-02", through="2026-02-01")
    several = _drafts(
        _wanted("c-02", "2026-02-01"),
        _wanted("c-01", "2025-12-31"),
        _wanted("c-01", "2026-02-01", "EUR"),
        _wanted("c-01", "2026-02-01"),
    )
    assert [one.payer_id for one in several] == [selectors.customer(key).id for key in ("c-02", "c-01")]


def test_what_documents_showed_is_history_and_not_shown_again() -> None:
    world.bill("2026-02-01")
    use("late", 5)
    small.book("c-01", through="2026-02-01")
    (draft,) = _drafts(_wanted("c-01", "2026-03-01"))
    (line,) = draft.lines
    assert (format_pico(line.exact), format_pico(line.amount), line.late, line.corrects) == (
        "0.5",
        "0.5",
        True,
        "INV-000003",
    )


def test_a_voided_document_shows_nothing_any_more() -> None:
    """What it claimed was taken back: the key begins anew, and corrects no document."""
    world.bill("2026-02-01")
    world.void_invoice("INV-000003")
    small.book("c-01", through="2026-02-01")
    (draft,) = _drafts(_wanted("c-01", "2026-02-01"))
    assert _lines(draft) == ["tokens 01-01 2.5", "fee 02-01 310"]
    assert {line.corrects for line in draft.lines} == {None}


def test_the_charges_that_a_document_claims() -> None:
    world.bill("2026-02-01")
    row = Invoice.objects.get(number="INV-000003")
    claimed = claimed_charges(row)
    assert {one.id for one in claimed} == set(Charge.objects.filter(claim__invoice=row).values_list("id", flat=True))
    assert sum(one.amount for one in claimed) == sum(line.exact.scaleb(12) for line in row.lines.all())


def test_many_drafts_are_read_in_a_few_statements() -> None:
    small.book("c-01", "c-02", through="2026-02-01")
    wanted, seller = [_wanted(key, "2026-02-01") for key in ("c-01", "c-02")], selectors.seller()
    with CaptureQueriesContext(connection) as captured:
        assert len(gathering.drafts(wanted, seller=seller)) == 2
    assert len(captured.captured_queries) <= 8
