"""Each billing fact as transfers (blueprint §8)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.postings import DocumentFacts, Entry, accounts_of, charge, invoice_opened, invoice_voided, transfers
from ledger.accounts import AccountIdentity
from ledger.chart import TransferCode
from ledger.transfers import Transfer
from tests.support.world import instant

TENANT, CUSTOMER, PAYER, KEY, CHARGE, JOURNAL, DOCUMENT = (UUID(int=n) for n in range(1, 8))
AT = instant("2026-02-01")


def _document(*, exact: int = 100, net: int = 100, tax: int = 0) -> DocumentFacts:
    return DocumentFacts(
        id=DOCUMENT, tenant_id=TENANT, payer_id=PAYER, currency="EUR", exact=exact, net=net, tax=tax, effective_at=AT
    )


def _charge(amount: int, **more: Any) -> Entry:
    said: dict[str, Any] = {"currency_code": "EUR", "in_advance": False, "effective_at": AT, "journal_id": JOURNAL}
    return charge(id=CHARGE, key_id=KEY, customer_id=CUSTOMER, payer_id=PAYER, amount=amount, **{**said, **more})


def _posted(*entries: Entry) -> list[Transfer]:
    return transfers(entries, lambda account: account.id_in(TENANT))


def _shown(*entries: Entry) -> list[tuple[int, int, int, TransferCode]]:
    """(debited code, credited code, amount, what for), as posted."""
    codes = {account.id_in(TENANT): int(account.code) for account in accounts_of(entries)}
    return [
        (codes[one.debit_account_id], codes[one.credit_account_id], one.amount, TransferCode(one.code))
        for one in _posted(*entries)
    ]


OPENED, VOIDED, ROUNDING, TAX = (
    TransferCode.INVOICE_OPENED,
    TransferCode.INVOICE_VOIDED,
    TransferCode.INVOICE_ROUNDING,
    TransferCode.TAX,
)


@pytest.mark.parametrize(
    ("amount", "in_advance", "shown"),
    [
        (5, False, (1200, 4000, 5)),
        (5, True, (1200, 2000, 5)),
        (-5, False, (4000, 1200, 5)),
        (-5, True, (2000, 1200, 5)),
    ],
)
def test_a_charge(amount: int, in_advance: bool, shown: tuple[int, int, int]) -> None:
    """Earned in arrears, deferred in advance; what is given back is the same pair the other way round."""
    assert _shown(_charge(amount, in_advance=in_advance)) == [(*shown, TransferCode.CHARGE)]


def test_the_payer_owes_and_the_customer_was_served() -> None:
    entry = _charge(5)
    assert entry.debit == AccountIdentity(PAYER, "EUR", 1200)
    assert entry.credit == AccountIdentity(CUSTOMER, "EUR", 4000)
    (posted,) = _posted(entry)
    assert (posted.id, posted.user_data_128, posted.journal_id) == (CHARGE, KEY, JOURNAL)
    assert (posted.ledger, posted.effective_at) == (978, AT)


@pytest.mark.parametrize(
    ("facts", "shown"),
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
def test_a_document_opened(facts: DocumentFacts, shown: list[tuple[int, int, int, TransferCode]]) -> None:
    """The rounded net is receivable, and the remainder of rounding goes to 5200; nothing is posted for nothing."""
    assert _shown(*invoice_opened(facts)) == shown


@pytest.mark.parametrize(
    ("facts", "paid", "shown"),
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
def test_a_document_voided(facts: DocumentFacts, paid: int, shown: list[tuple[int, int, int, TransferCode]]) -> None:
    """The opening the other way round; what was paid of it is unapplied cash again (billing rules §6.6)."""
    assert _shown(*invoice_voided(facts, paid=paid)) == shown


AMOUNTS = st.integers(-(10**20), 10**20)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_an_opened_document_takes_what_it_claims_off_1200_and_a_void_brings_it_back(
    exact: int, net: int, tax: int
) -> None:
    """1200 falls by the exact amount claimed, 1100 rises by the gross; after a void every account is as before."""
    facts = _document(exact=exact, net=net, tax=tax)
    opened, voided = invoice_opened(facts), invoice_voided(facts, paid=0)
    assert _moved(opened) == {1100: net + tax, 1200: -exact, 5200: exact - net, 2200: -tax}
    assert set(_moved([*opened, *voided]).values()) == {0}
    assert len({one.id for one in (*opened, *voided)}) == len(opened) + len(voided)
    assert {one.about for one in (*opened, *voided)} == {DOCUMENT}


def _moved(entries: list[Entry]) -> dict[int, int]:
    """By code: debits − credits, all accounts named, of a document."""
    sums = dict.fromkeys((1100, 1200, 5200, 2200), 0)
    for debit, credit, amount, _ in _shown(*entries):
        sums[debit] += amount
        sums[credit] -= amount
    return sums


def test_the_same_fact_has_the_same_ids() -> None:
    """So that posting it again is answered with `exists` and never doubled."""
    assert invoice_opened(_document(tax=1)) == invoice_opened(_document(tax=1))
