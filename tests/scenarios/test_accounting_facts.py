"""The facts of an accounting year, posted to the real ledger (billing rules §7)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import pytest

from billing.postings import credit, losses
from billing.postings.charges import Movement, accrual, discount, recognition
from billing.postings.charges import charge as charged
from billing.postings.credit import CreditFacts
from billing.postings.documents import DocumentFacts, opened
from billing.postings.losses import LossFacts
from billing.revenue.schedule import earned
from core.access.scope import tenant_id
from core.db.transaction import atomic
from core.ids import derived_id
from core.models import Tenant
from core.money import PICO
from core.period import Period
from customers import selectors as parties
from ledger import integrity, selectors
from ledger import services as ledger
from ledger.entries import Entry, accounts_of, transfers
from ledger.results import Result
from payments import postings as cash
from tests.support import world
from tests.support.world import instant

JANUARY = Period(instant("2026-01-01"), instant("2026-02-01"))


@pytest.fixture
def customer(fresh_books: Tenant) -> UUID:
    """Whose accounts they are. The books are the ledger's alone: no charge or document of billing's explains them."""
    world.apply({"customers": [world.customer()]})
    return parties.customer("c-01").id


def _id(n: int) -> UUID:
    return derived_id(instant("2026-01-01"), tenant_id(), n)


def _post(entries: Iterable[Entry], *, at: str) -> list[Result]:
    several = list(entries)
    with atomic():
        ids = ledger.open_accounts(accounts_of(several))
        return ledger.post_all(transfers(several, ids.__getitem__, open_from=None), at=instant(at), replay_ok=True)


def _balances() -> dict[int, int]:
    """By code, in whole units: debits − credits."""
    return {row.code: (row.debits - row.credits) // PICO for row in selectors.trial_balance().rows}


def _movement(customer: UUID, n: int, amount: int, at: str) -> Movement:
    return Movement(
        id=_id(n),
        key_id=_id(900),
        customer_id=customer,
        payer_id=customer,
        currency="EUR",
        amount=amount * PICO,
        effective_at=instant(at),
        journal_id=_id(n),
    )


def test_a_discounted_fee_in_advance_is_earned_over_its_service(customer: UUID) -> None:
    """310 in January, 31 off before anything is earned: 279 are deferred, and earned at 9 a day."""
    _post([charged(_movement(customer, 1, 310, "2026-01-01"), in_advance=True)], at="2026-01-01")
    _post([discount(_movement(customer, 2, -31, "2026-01-01"), in_advance=True)], at="2026-01-01")
    assert _balances() == {1200: 279, 2000: -279}
    recognized = 0
    for n, (by, left) in enumerate([("2026-01-11", 189), ("2026-01-21", 99), ("2026-02-01", 0)], start=10):
        so_far = earned(279, service=JANUARY, by=instant(by), zone="UTC")
        _post([recognition(_movement(customer, n, so_far - recognized, by))], at=by)
        recognized = so_far
        assert _balances().get(2000, 0) == -left
    assert _balances() == {1200: 279, 2000: 0, 4000: -279}


def test_what_a_month_end_accrued_is_gone_when_it_is_charged(customer: UUID) -> None:
    _post([accrual(_movement(customer, 1, 60, "2026-01-31"))], at="2026-01-31")
    assert _balances() == {1210: 60, 4000: -60}
    _post([charged(_movement(customer, 2, 100, "2026-02-15"), in_advance=False)], at="2026-02-15")
    _post([accrual(_movement(customer, 3, -60, "2026-02-28"))], at="2026-02-28")
    assert _balances() == {1200: 100, 1210: 0, 4000: -100}


def _document(customer: UUID) -> DocumentFacts:
    return DocumentFacts(
        id=_id(800),
        tenant_id=tenant_id(),
        payer_id=customer,
        currency="EUR",
        exact=100 * PICO,
        net=100 * PICO,
        tax=21 * PICO,
        effective_at=instant("2026-02-01"),
    )


def test_a_document_written_off_and_recovered(customer: UUID) -> None:
    loss = LossFacts(
        id=_id(801),
        tenant_id=tenant_id(),
        document_id=_id(800),
        payer_id=customer,
        currency="EUR",
        gross=121 * PICO,
        tax=21 * PICO,
        effective_at=instant("2026-08-01"),
    )
    _post([charged(_movement(customer, 1, 100, "2026-02-01"), in_advance=False)], at="2026-02-01")
    _post(opened(_document(customer)), at="2026-02-01")
    before = _balances()
    _post(losses.written_off(loss), at="2026-08-01")
    _post(losses.tax_relieved(loss), at="2026-09-01")
    assert _balances() == {1100: 0, 1200: 0, 2200: 0, 4000: -100, 5000: 100}
    _post(losses.recovered(loss, relieved=True), at="2026-10-01")
    assert _balances() == {**before, 5000: 0}


def test_credit_is_used_up_and_never_overdrawn(customer: UUID) -> None:
    """80 granted: 50 applied, and 30 expire; nothing is left to apply, and the wallet's guard says so."""

    def of(n: int, amount: int) -> CreditFacts:
        return CreditFacts(
            id=_id(n),
            tenant_id=tenant_id(),
            wallet="main",
            about=_id(800),
            customer_id=customer,
            currency="EUR",
            amount=amount * PICO,
            paid=False,
            effective_at=instant("2026-03-01"),
        )

    _post([*credit.applied(of(2, 50)), *credit.granted(of(1, 80))], at="2026-03-01")
    _post(credit.expired(of(3, 30)), at="2026-04-01")
    assert _balances() == {1100: -50, 2110: 0, 4250: 50}
    with pytest.raises(ledger.PostingRefused) as refused:
        _post(credit.applied(of(4, 1)), at="2026-04-01")
    assert refused.value.facts["result"] == Result.EXCEEDS_CREDITS


def test_money_through_a_gateway_and_back(customer: UUID) -> None:
    """130 paid for 121: a fee of 4, a payout, 9 sent back, a dispute lost; each fact posted twice is posted once."""

    def of(n: int, amount: int) -> cash.CashFacts:
        return cash.CashFacts(
            id=_id(n),
            tenant_id=tenant_id(),
            about=_id(800),
            payer_id=customer,
            currency="EUR",
            gateway="stripe",
            amount=amount * PICO,
            effective_at=instant("2026-03-01"),
        )

    facts = [
        cash.received(of(1, 130), applied=121 * PICO),
        cash.fee_kept(of(2, 4)),
        cash.refund_promised(of(3, 9)),
        cash.refunded(of(3, 9)),
        cash.paid_out(of(4, 117)),
        cash.dispute_opened(of(5, 121)),
        cash.dispute_lost(of(5, 121), owed_again=True),
    ]
    for expected in (Result.CREATED, Result.EXISTS):
        results = [_post(entries, at="2026-03-01") for entries in facts]
        assert {result for several in results for result in several} == {expected}
    assert _balances() == {1000: -121, 1010: 117, 1100: 0, 1300: 0, 2150: 0, 2300: 0, 5300: 4}
    assert [finding for check in integrity.CHECKS for finding in check.run().findings] == []
