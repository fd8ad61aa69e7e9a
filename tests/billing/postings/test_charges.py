"""What a charge key's difference moves (blueprint §8, billing rules §7)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from billing.postings.charges import Movement, accrual, charge, discount, recognition
from billing.revenue.accruals import accrued
from ledger.accounts import AccountIdentity
from ledger.chart import TransferCode
from ledger.entries import Entry
from tests.support.entries import ABOUT, CUSTOMER, FACT, PAYER, moved, shown
from tests.support.world import instant

CHARGE, ACCRUAL, RECOGNITION = TransferCode.CHARGE, TransferCode.ACCRUAL, TransferCode.RECOGNITION
ARREARS, ADVANCE = partial(charge, in_advance=False), partial(charge, in_advance=True)
OFF, OFF_DEFERRED = partial(discount, in_advance=False), partial(discount, in_advance=True)


def _movement(amount: int) -> Movement:
    return Movement(
        id=FACT,
        key_id=ABOUT,
        customer_id=CUSTOMER,
        payer_id=PAYER,
        currency="EUR",
        amount=amount,
        effective_at=instant("2026-02-01"),
        journal_id=FACT,
    )


@pytest.mark.parametrize(
    ("recipe", "amount", "posted"),
    [
        (ARREARS, 5, (1200, 4000, 5, CHARGE)),
        (ARREARS, -5, (4000, 1200, 5, CHARGE)),
        (ADVANCE, 5, (1200, 2000, 5, CHARGE)),
        (ADVANCE, -5, (2000, 1200, 5, CHARGE)),
        (OFF, -5, (4100, 1200, 5, CHARGE)),
        (OFF, 5, (1200, 4100, 5, CHARGE)),
        # Not 4100: what is deferred was not earned, so there is no revenue to give up (§7.1).
        (OFF_DEFERRED, -5, (2000, 1200, 5, CHARGE)),
        (OFF_DEFERRED, 5, (1200, 2000, 5, CHARGE)),
        (accrual, 5, (1210, 4000, 5, ACCRUAL)),
        (accrual, -5, (4000, 1210, 5, ACCRUAL)),
        (recognition, 5, (2000, 4000, 5, RECOGNITION)),
        (recognition, -5, (4000, 2000, 5, RECOGNITION)),
    ],
)
def test_a_difference_is_booked(recipe: Callable[[Movement], Entry], amount: int, posted: tuple[object, ...]) -> None:
    """What is taken back is the same pair the other way round."""
    assert shown([recipe(_movement(amount))]) == [posted]


@pytest.mark.parametrize("recipe", [ARREARS, ADVANCE, OFF, OFF_DEFERRED, accrual, recognition])
def test_a_difference_of_nothing_is_not_posted(recipe: Callable[[Movement], Entry]) -> None:
    assert shown([recipe(_movement(0))]) == []


def test_the_payer_owes_and_the_customer_was_served() -> None:
    entry = ARREARS(_movement(5))
    assert entry.debit == AccountIdentity(PAYER, "EUR", 1200)
    assert entry.credit == AccountIdentity(CUSTOMER, "EUR", 4000)
    assert (entry.id, entry.about, entry.journal_id) == (FACT, ABOUT, FACT)


@pytest.mark.parametrize(
    ("cut_offs", "differences"),
    [
        # Earned 60 by the first month's end, 100 by the second's, when all 100 are charged.
        ([(60, 0), (100, 100)], [60, -60]),
        # The month is charged before the next cut-off: what the next one accrued is of the month that runs.
        ([(60, 0), (130, 100), (190, 190)], [60, -30, -30]),
        # More was charged than is earned: that is deferred, and no negative accrual.
        ([(60, 0), (60, 100)], [60, -60]),
        # Late usage: more is earned of what was charged already.
        ([(100, 100), (110, 100), (110, 110)], [0, 10, -10]),
        # Usage was voided after the accrual.
        ([(60, 0), (20, 0), (0, 0)], [60, -40, -20]),
    ],
)
def test_an_accrual_reverses_itself(cut_offs: list[tuple[int, int]], differences: list[int]) -> None:
    """At each cut-off the difference to what was accrued is posted; once all is charged, nothing is left (§7.2)."""
    held, posted = 0, []
    for earned, charged in cut_offs:
        due = accrued(earned=earned, charged=charged)
        posted.append(due - held)
        held = due
    assert posted == differences
    last_earned, last_charged = cut_offs[-1]
    entries = [accrual(_movement(amount)) for amount in posted]
    assert moved(entries).get(1210, 0) == max(0, last_earned - last_charged)
