"""Balances, statements, the trial balance and what was booked, now and as of an instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from core.access.scope import tenant_id
from core.db.transaction import atomic
from customers.models import Customer
from ledger import selectors, services
from ledger.accounts import AccountIdentity
from ledger.chart import Code, TransferCode
from ledger.reports import Booked, Statement, TrialBalanceRow
from ledger.statements import Span, statement
from ledger.transfers import Transfer
from tests.ledger.builders import APRIL_1, MARCH_1, MAY_1, fresh_tenant, new_customer, opened, posted, transfer

pytestmark = pytest.mark.usefixtures("books")
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def history(unbilled: AccountIdentity, revenue: AccountIdentity) -> list[Transfer]:
    """Effective on 1 March, April and May; that of March learnt of last, in May."""
    april, may = (
        transfer(unbilled, revenue, 20, effective_at=APRIL_1),
        transfer(unbilled, revenue, -5, effective_at=MAY_1),
    )
    march = transfer(unbilled, revenue, 100, effective_at=MARCH_1, user_data_128=UUID(int=7))
    posted(april, at=APRIL_1)
    posted(may, march, at=MAY_1)
    return [march, april, may]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    "as_of, recorded_by, expected",
    [
        (None, None, 115),
        (MARCH_1 - MOMENT, None, 0),
        (MARCH_1, None, 100),
        (APRIL_1 - MOMENT, None, 100),
        (APRIL_1, None, 120),
        (MAY_1, None, 115),
        (None, MARCH_1, 0),
        (None, APRIL_1, 20),
        (None, MAY_1 - MOMENT, 20),
        (None, MAY_1, 115),
        (MARCH_1, APRIL_1, 0),
        (APRIL_1, APRIL_1, 20),
        (APRIL_1, MAY_1, 120),
    ],
)
def test_a_balance_as_of_an_instant(
    unbilled: AccountIdentity,
    revenue: AccountIdentity,
    as_of: datetime | None,
    recorded_by: datetime | None,
    expected: int,
) -> None:
    """By when things count and by when they were learnt of; the instant itself is included. Both sides mirror."""
    assert selectors.balance(unbilled, as_of=as_of, recorded_by=recorded_by) == expected
    assert selectors.balance(revenue, as_of=as_of, recorded_by=recorded_by) == -expected
    totals = selectors.trial_balance(as_of=as_of, recorded_by=recorded_by).rows
    assert [row.balance for row in totals] == ([expected, -expected] if expected else [])


def test_an_account_that_was_never_opened_has_nothing_on_it(acme: Customer) -> None:
    nowhere = AccountIdentity(acme.id, "EUR", Code.BANK)
    assert selectors.balance(nowhere) == selectors.balance(nowhere, as_of=MAY_1) == 0
    assert selectors.balances([nowhere.id_in(tenant_id())]) == {}
    assert statement(nowhere.id_in(tenant_id())).movements == ()


def test_a_statement_runs_from_an_opening_to_a_closing_balance(
    unbilled: AccountIdentity, revenue: AccountIdentity, history: list[Transfer]
) -> None:
    """In the order in which things count, whenever they were recorded."""
    found = statement(unbilled.id_in(tenant_id()))
    assert (found.opening, found.closing) == (0, 115)
    assert [(one.transfer_id, one.amount, one.balance) for one in found.movements] == [
        (history[0].id, 100, 100),
        (history[1].id, 20, 120),
        (history[2].id, -5, 115),
    ]
    first = found.movements[0]
    assert (first.effective_at, first.recorded_at, first.user_data_128) == (MARCH_1, MAY_1, UUID(int=7))
    assert (first.counter_id, first.counter_code) == (revenue.id_in(tenant_id()), Code.REVENUE)


@pytest.mark.parametrize(
    "start, end, expected",
    [
        (APRIL_1, None, (100, [20, -5], 115)),
        (APRIL_1, MAY_1, (100, [20], 120)),
        (None, APRIL_1, (0, [100], 100)),
        (APRIL_1 + MOMENT, MAY_1, (120, [], 120)),
    ],
)
def test_a_statement_of_a_span(
    unbilled: AccountIdentity,
    history: list[Transfer],
    start: datetime | None,
    end: datetime | None,
    expected: tuple[int, list[int], int],
) -> None:
    """It includes its start and not its end, so that spans tile: one's closing is the next one's opening."""
    found = statement(unbilled.id_in(tenant_id()), span=Span(start=start, end=end))
    assert (found.opening, [one.amount for one in found.movements], found.closing) == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_a_statement_are_the_statement(
    unbilled: AccountIdentity, revenue: AccountIdentity, limit: int
) -> None:
    """Each goes on where the one before it ended, with its balance, also within one instant."""
    for n in range(7):
        posted(transfer(unbilled, revenue, 5 - n, effective_at=(MARCH_1, APRIL_1)[n % 2]))
    whole, pages, after = statement(unbilled.id_in(tenant_id())), list[Statement](), None
    while not pages or after:
        pages.append(statement(unbilled.id_in(tenant_id()), after=after, limit=limit))
        after = pages[-1].next
    assert [one for page in pages for one in page.movements] == list(whole.movements)
    assert [page.opening for page in pages[1:]] == [page.closing for page in pages[:-1]]
    assert (pages[0].opening, pages[-1].closing) == (whole.opening, whole.closing)
    assert all(len(page.movements) <= limit for page in pages)


def test_a_statement_as_it_was_known(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """What counts from March and was recorded in May is not in a statement of what was known in April."""
    with atomic():
        services.post([transfer(unbilled, revenue, 10, effective_at=MARCH_1)], at=MARCH_1)
        services.post([transfer(unbilled, revenue, 5, effective_at=MARCH_1)], at=MAY_1)
    known = statement(unbilled.id_in(tenant_id()), span=Span(start=APRIL_1, recorded_by=APRIL_1))
    assert (known.opening, known.closing) == (10, 10)
    assert statement(unbilled.id_in(tenant_id()), span=Span(start=APRIL_1)).opening == 15


def test_a_statement_keeps_the_order_of_posting_within_an_instant(
    unbilled: AccountIdentity, revenue: AccountIdentity
) -> None:
    """There and back and there again, all counting from the same instant."""
    amounts = [3, -3, 3, -3, 3]
    for minutes, amount in enumerate(amounts):
        posted(transfer(unbilled, revenue, amount), at=MARCH_1 + timedelta(minutes=minutes))
    assert [one.balance for one in statement(unbilled.id_in(tenant_id())).movements] == [3, 0, 3, 0, 3]


def test_the_trial_balance_adds_up_in_each_currency(
    acme: Customer, unbilled: AccountIdentity, revenue: AccountIdentity, history: list[Transfer]
) -> None:
    """By currency and code, over all customers."""
    other = new_customer("other")
    posted(transfer(opened(other, Code.UNBILLED_RECEIVABLE), opened(other, Code.REVENUE), 1))
    yen = [opened(other, code, currency_code="JPY") for code in (Code.UNBILLED_RECEIVABLE, Code.DEFERRED_REVENUE)]
    posted(transfer(yen[0], yen[1], 7, effective_at=MAY_1))
    found = selectors.trial_balance()
    assert found.rows == (
        TrialBalanceRow(currency="EUR", code=1200, debits=121, credits=5),
        TrialBalanceRow(currency="EUR", code=4000, debits=5, credits=121),
        TrialBalanceRow(currency="JPY", code=1200, debits=7, credits=0),
        TrialBalanceRow(currency="JPY", code=2000, debits=0, credits=7),
    )
    assert found.totals() == {"EUR": (126, 126), "JPY": (7, 7)}
    assert [row.balance for row in found.rows] == [116, -116, 7, -7]


def test_the_trial_balance_as_of_an_instant(unbilled: AccountIdentity, history: list[Transfer]) -> None:
    """The same rows from the transfers as from the stored balances, once all of them count."""
    assert selectors.trial_balance(as_of=MAY_1) == selectors.trial_balance()
    assert selectors.trial_balance(as_of=APRIL_1).totals() == {"EUR": (120, 120)}
    assert selectors.trial_balance(recorded_by=APRIL_1).totals() == {"EUR": (20, 20)}
    assert selectors.trial_balance(as_of=MARCH_1 - MOMENT).rows == ()


def test_booked_counts_the_charges_of_each_key(
    acme: Customer, unbilled: AccountIdentity, revenue: AccountIdentity
) -> None:
    """Debits − credits of 1200, and of 1210 for accruals; other transfers about the key don't count (rules §1.2)."""
    accrued, deferred = opened(acme, Code.ACCRUED_INCOME), opened(acme, Code.DEFERRED_REVENUE)
    charged, accrual, back_to_zero, other = (UUID(int=n) for n in range(1, 5))
    posted(
        transfer(unbilled, revenue, 310, user_data_128=charged),
        transfer(unbilled, revenue, -50, user_data_128=charged),
        transfer(deferred, revenue, 99, user_data_128=charged, code=TransferCode.RECOGNITION),
        transfer(accrued, revenue, 7, user_data_128=accrual, code=TransferCode.ACCRUAL),
        transfer(unbilled, deferred, 5, user_data_128=back_to_zero),
        transfer(unbilled, deferred, -5, user_data_128=back_to_zero),
        transfer(unbilled, revenue, 1, user_data_128=other),
    )
    found = selectors.booked([charged, accrual, back_to_zero, UUID(int=9)])
    assert found == {charged: Booked(2, 260), accrual: Booked(1, 7), back_to_zero: Booked(2, 0)}


def test_another_tenants_books_are_not_seen(unbilled: AccountIdentity, history: list[Transfer]) -> None:
    """The same keys and codes elsewhere are other keys and codes."""
    with fresh_tenant():
        assert selectors.trial_balance().rows == selectors.trial_balance(as_of=MAY_1).rows == ()
        assert selectors.booked([UUID(int=7)]) == {}
        assert selectors.balance(unbilled) == 0
    assert selectors.booked([UUID(int=7)]) == {UUID(int=7): Booked(1, 100)}


def test_transfers_about_a_thing_in_order(
    unbilled: AccountIdentity, revenue: AccountIdentity, history: list[Transfer]
) -> None:
    posted(transfer(unbilled, revenue, 1, effective_at=APRIL_1, user_data_128=UUID(int=7)))
    assert [row.amount for row in selectors.transfers_of(UUID(int=7))] == [100, 1]


def test_a_customers_accounts(acme: Customer, unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """By code, currency and sub-account."""
    seats = opened(acme, Code.REVENUE, sub="seats")
    assert selectors.identities(customer_id=acme.id) == [unbilled, revenue, seats]
    assert selectors.identities(customer_id=acme.id, code=4000) == [revenue, seats]
