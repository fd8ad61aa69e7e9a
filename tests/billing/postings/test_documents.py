"""What opening and voiding a document moves (blueprint §8, billing rules §6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.postings.documents import DocumentFacts, opened, voided
from ledger.chart import TransferCode
from tests.support.entries import ABOUT, PAYER, TENANT, Shown, moved, shown
from tests.support.world import instant


def _document(*, exact: int = 100, net: int = 100, tax: int = 0) -> DocumentFacts:
    return DocumentFacts(
        id=ABOUT,
        tenant_id=TENANT,
        payer_id=PAYER,
        currency="EUR",
        exact=exact,
        net=net,
        tax=tax,
        effective_at=instant("2026-02-01"),
    )


OPENED, VOIDED, ROUNDING, TAX = (
    TransferCode.INVOICE_OPENED,
    TransferCode.INVOICE_VOIDED,
    TransferCode.INVOICE_ROUNDING,
    TransferCode.TAX,
)


@pytest.mark.parametrize(
    ("facts", "posted"),
    [
        (_document(), [(1100, 1200, 100, OPENED)]),
        (_document(exact=103), [(1100, 1200, 100, OPENED), (5200, 1200, 3, ROUNDING)]),
        (_document(exact=97), [(1100, 1200, 100, OPENED), (1200, 5200, 3, ROUNDING)]),
        (_document(tax=21), [(1100, 1200, 100, OPENED), (1100, 2200, 21, TAX)]),
        (_document(exact=-97, net=-100), [(1200, 1100, 100, OPENED), (5200, 1200, 3, ROUNDING)]),
        (_document(exact=0, net=0), []),
        (_document(exact=3, net=0), [(5200, 1200, 3, ROUNDING)]),
    ],
)
def test_a_document_opened(facts: DocumentFacts, posted: list[Shown]) -> None:
    """The rounded net is receivable, and the remainder of rounding goes to 5200; nothing is posted for nothing."""
    assert shown(opened(facts)) == posted


@pytest.mark.parametrize(
    ("facts", "paid", "posted"),
    [
        (_document(), 0, [(1200, 1100, 100, VOIDED)]),
        (
            _document(exact=103, tax=21),
            0,
            [(1200, 1100, 100, VOIDED), (1200, 5200, 3, ROUNDING), (2200, 1100, 21, TAX)],
        ),
        (_document(), 40, [(1200, 1100, 100, VOIDED), (1100, 2150, 40, TransferCode.PAYMENT_UNAPPLIED)]),
    ],
)
def test_a_document_voided(facts: DocumentFacts, paid: int, posted: list[Shown]) -> None:
    """The opening the other way round; what was paid of it is unapplied cash again (billing rules §6.6)."""
    assert shown(voided(facts, paid=paid)) == posted


AMOUNTS = st.integers(-(10**20), 10**20)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_an_opened_document_takes_what_it_claims_off_1200_and_a_void_brings_it_back(
    exact: int, net: int, tax: int
) -> None:
    """1200 falls by the exact amount claimed, 1100 rises by the gross; after a void every account is as before."""
    facts = _document(exact=exact, net=net, tax=tax)
    issued, taken_back = opened(facts), voided(facts, paid=0)
    sums = {1100: net + tax, 1200: -exact, 2200: -tax, 5200: exact - net}
    assert moved(issued) == {code: amount for code, amount in sums.items() if amount}
    assert moved([*issued, *taken_back]) == {}
    assert len({one.id for one in (*issued, *taken_back)}) == len(issued) + len(taken_back)
    assert {one.about for one in (*issued, *taken_back)} == {ABOUT}


def test_the_same_fact_has_the_same_ids() -> None:
    """So that posting it again is answered with `exists` and never doubled."""
    assert opened(_document(tax=1)) == opened(_document(tax=1))
