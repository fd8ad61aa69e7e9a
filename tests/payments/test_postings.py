"""Each payment fact as entries in the ledger (blueprint §8, billing rules §7.3)."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chart import Code, TransferCode
from ledger.entries import Entry
from payments import postings
from payments.postings import CashFacts, received
from tests.support.entries import ABOUT, FACT, PAYER, TENANT, Shown, moved, shown
from tests.support.world import instant


def _cash(amount: int = 100) -> CashFacts:
    return CashFacts(
        id=FACT,
        tenant_id=TENANT,
        about=ABOUT,
        payer_id=PAYER,
        currency="EUR",
        gateway="stripe",
        amount=amount,
        effective_at=instant("2026-02-10"),
    )


@pytest.mark.parametrize(
    ("entries", "posted"),
    [
        (received(_cash(), applied=100), [(1000, 1100, 100, TransferCode.PAYMENT)]),
        (
            received(_cash(130), applied=100),
            [(1000, 1100, 100, TransferCode.PAYMENT), (1000, 2150, 30, TransferCode.OVERPAYMENT)],
        ),
        (received(_cash(130), applied=0), [(1000, 2150, 130, TransferCode.OVERPAYMENT)]),
        (postings.applied(_cash()), [(2150, 1100, 100, TransferCode.UNAPPLIED_APPLIED)]),
        (postings.refund_promised(_cash()), [(2150, 2300, 100, TransferCode.REFUND_PROMISED)]),
        (postings.refunded(_cash()), [(2300, 1000, 100, TransferCode.REFUND)]),
        (postings.paid_out(_cash()), [(1010, 1000, 100, TransferCode.PAYOUT)]),
        (postings.fee_kept(_cash(3)), [(5300, 1000, 3, TransferCode.PAYMENT_FEE)]),
        (postings.dispute_opened(_cash()), [(1300, 1000, 100, TransferCode.DISPUTE_OPENED)]),
        (postings.dispute_won(_cash()), [(1000, 1300, 100, TransferCode.DISPUTE_WON)]),
        (postings.dispute_lost(_cash(), owed_again=True), [(1100, 1300, 100, TransferCode.DISPUTE_LOST)]),
        (postings.dispute_lost(_cash(), owed_again=False), [(5000, 1300, 100, TransferCode.DISPUTE_LOST)]),
    ],
)
def test_a_payment_fact(entries: list[Entry], posted: list[Shown]) -> None:
    assert shown(entries) == posted


@pytest.mark.parametrize(
    ("story", "left"),
    [
        # Of 100 received the gateway keeps 3 and pays 97 out: the clearing account is empty.
        (
            [received(_cash(), applied=100), postings.fee_kept(_cash(3)), postings.paid_out(_cash(97))],
            {1010: 97, 1100: -100, 5300: 3},
        ),
        # 30 too much: 20 settles another document, 10 goes back.
        (
            [
                received(_cash(130), applied=100),
                postings.applied(_cash(20)),
                postings.refund_promised(_cash(10)),
                postings.refunded(_cash(10)),
            ],
            {1000: 120, 1100: -120},
        ),
        ([postings.dispute_opened(_cash()), postings.dispute_won(_cash())], {}),
        (
            [
                received(_cash(), applied=100),
                postings.dispute_opened(_cash()),
                postings.dispute_lost(_cash(), owed_again=True),
            ],
            {},
        ),
        (
            [
                received(_cash(), applied=100),
                postings.dispute_opened(_cash()),
                postings.dispute_lost(_cash(), owed_again=False),
            ],
            {1100: -100, 5000: 100},
        ),
    ],
)
def test_a_story(story: list[list[Entry]], left: dict[int, int]) -> None:
    """What several facts leave on the accounts, by code."""
    assert moved(entry for entries in story for entry in entries) == left


@given(st.integers(1, 10**30), st.integers(0, 10**30))
def test_all_that_came_in_is_somewhere(amount: int, applied: int) -> None:
    entries = received(_cash(amount), applied=min(amount, applied))
    assert sum(one[2] for one in shown(entries)) == amount
    assert moved(entries)[1000] == amount
    assert len({one.id for one in entries}) == len(entries)
    assert {(one.about, one.journal_id) for one in entries} == {(ABOUT, entries[0].journal_id)}


def test_cash_is_kept_apart_by_where_it_came_in() -> None:
    assert (_cash().account(Code.CASH_CLEARING).sub, _cash().account(Code.UNAPPLIED_CASH).sub) == ("stripe", "")


def test_the_same_fact_has_the_same_ids_and_another_has_others() -> None:
    """A function of the payment's own id and of what happened: recording it twice is recording it once."""

    def ids(facts: CashFacts) -> set[UUID]:
        return {one.id for one in received(facts, applied=100)}

    other = msgspec.structs.replace(_cash(130), id=UUID(int=9))
    assert ids(_cash(130)) == ids(_cash(130))
    assert not ids(_cash(130)) & ids(other)
    assert {one.id for one in postings.dispute_opened(_cash())} != {one.id for one in postings.dispute_won(_cash())}
