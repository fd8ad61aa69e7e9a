"""Credit granted, topped up, applied and expired (blueprint §8, billing rules §7.3)."""

from __future__ import annotations

import pytest

from billing.postings.credit import CreditFacts, applied, expired, granted, topped_up
from ledger.chart import TransferCode
from ledger.entries import Entry
from tests.support.entries import ABOUT, CUSTOMER, FACT, TENANT, Shown, moved, shown
from tests.support.world import instant

GRANTED, TOP_UP, APPLIED, EXPIRED = (
    TransferCode.CREDIT_GRANTED,
    TransferCode.TOP_UP,
    TransferCode.CREDIT_APPLIED,
    TransferCode.CREDIT_EXPIRED,
)


def _credit(amount: int = 50, *, paid: bool) -> CreditFacts:
    return CreditFacts(
        id=FACT,
        tenant_id=TENANT,
        wallet="main",
        about=ABOUT,
        customer_id=CUSTOMER,
        currency="EUR",
        amount=amount,
        paid=paid,
        effective_at=instant("2026-05-01"),
    )


@pytest.mark.parametrize(
    ("entries", "posted"),
    [
        (granted(_credit(paid=False)), [(4250, 2110, 50, GRANTED)]),
        (applied(_credit(paid=False)), [(2110, 1100, 50, APPLIED)]),
        (expired(_credit(paid=False)), [(2110, 4250, 50, EXPIRED)]),
        (topped_up(_credit(paid=True), gateway="stripe"), [(1000, 2100, 50, TOP_UP)]),
        (applied(_credit(paid=True)), [(2100, 1100, 50, APPLIED)]),
        (expired(_credit(paid=True)), [(2100, 4300, 50, EXPIRED)]),
    ],
)
def test_a_movement_of_credit(entries: list[Entry], posted: list[Shown]) -> None:
    assert shown(entries) == posted


def test_granted_credit_that_expires_was_never_given() -> None:
    assert moved([*granted(_credit(paid=False)), *expired(_credit(paid=False))]) == {}


def test_paid_credit_is_not_granted_and_granted_credit_not_paid_for() -> None:
    with pytest.raises(ValueError, match="topped up, not granted"):
        granted(_credit(paid=True))
    with pytest.raises(ValueError, match="brings no money in"):
        topped_up(_credit(paid=False), gateway="stripe")


def test_within_a_journal_a_wallet_is_filled_before_it_is_drawn_on() -> None:
    """Whatever order a caller lists them in: a guarded account must never be overdrawn on the way (§7.5)."""
    both = [*applied(_credit(paid=False)), *granted(_credit(paid=False))]
    assert [code for *_, code in shown(both)] == [GRANTED, APPLIED]


def test_taking_a_use_back_fills_the_wallet_and_so_comes_first() -> None:
    """A negative amount moves the other way round: what draws is told by where it is taken from."""
    back = [*granted(_credit(-50, paid=False)), *applied(_credit(-50, paid=False))]
    assert [(debit, credit) for debit, credit, _, _ in shown(back)] == [(1100, 2110), (2110, 4250)]
