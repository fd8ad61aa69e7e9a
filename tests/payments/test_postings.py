"""Each payment fact as transfers (blueprint §8)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chart import Code, TransferCode
from ledger.transfers import Transfer
from payments.postings import PaymentFacts, payment
from tests.support.world import instant

TENANT, PAYER, INVOICE, PAYMENT = (UUID(int=n) for n in range(1, 5))


def _facts(amount: int, applied: int, **more: Any) -> PaymentFacts:
    return PaymentFacts(
        id=PAYMENT,
        tenant_id=TENANT,
        invoice_id=INVOICE,
        payer_id=PAYER,
        currency="EUR",
        gateway="bank_transfer",
        amount=amount,
        applied=applied,
        effective_at=instant("2026-02-10"),
        **more,
    )


def _shown(facts: PaymentFacts) -> list[tuple[int, int, int, TransferCode]]:
    """(debited code, credited code, amount, what for)."""
    codes = (Code.CASH_CLEARING, Code.ACCOUNTS_RECEIVABLE, Code.UNAPPLIED_CASH)
    names = {facts.account(code).id_in(TENANT): int(code) for code in codes}
    return [
        (names[one.debit_account_id], names[one.credit_account_id], one.amount, TransferCode(one.code))
        for one in payment(facts)
    ]


PAID, OVERPAID = TransferCode.PAYMENT, TransferCode.OVERPAYMENT


@pytest.mark.parametrize(
    ("amount", "applied", "shown"),
    [
        (100, 100, [(1000, 1100, 100, PAID)]),
        (130, 100, [(1000, 1100, 100, PAID), (1000, 2150, 30, OVERPAID)]),
        (130, 0, [(1000, 2150, 130, OVERPAID)]),
    ],
)
def test_what_settles_the_document_and_what_is_more_than_is_owed(
    amount: int, applied: int, shown: list[tuple[int, int, int, TransferCode]]
) -> None:
    assert _shown(_facts(amount, applied)) == shown


@given(st.integers(1, 10**30), st.integers(0, 10**30))
def test_all_that_came_in_is_somewhere(amount: int, applied: int) -> None:
    posted = payment(_facts(amount, min(amount, applied)))
    assert sum(one.amount for one in posted) == amount
    assert all(one.amount > 0 for one in posted)
    assert len({one.id for one in posted}) == len(posted)
    assert {(one.ledger, one.user_data_128, one.journal_id) for one in posted} == {(978, INVOICE, posted[0].journal_id)}


def test_cash_is_kept_apart_by_where_it_came_in() -> None:
    facts = _facts(5, 5)
    assert (facts.account(Code.CASH_CLEARING).sub, facts.account(Code.UNAPPLIED_CASH).sub) == ("bank_transfer", "")


def test_the_same_payment_has_the_same_ids_and_another_has_others() -> None:
    """A function of the payment's own id: recording it twice is recording it once."""

    def ids(facts: PaymentFacts) -> set[UUID]:
        posted: list[Transfer] = payment(facts)
        return {one.id for one in posted}

    facts = _facts(130, 100)
    other = msgspec.structs.replace(facts, id=UUID(int=9))
    assert ids(facts) == ids(facts)
    assert not ids(facts) & ids(other)
