"""What holds for any sequence of transfers."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access.scope import tenant_id
from core.models import new_id
from ledger import selectors
from ledger.accounts import AccountIdentity
from ledger.chart import Code
from ledger.integrity import CHECKS
from ledger.results import Result
from ledger.statements import Span, closing_balance, latest, pages, statement
from ledger.transfers import Transfer, reverse
from tests.ledger.builders import MARCH_1, MAY_1, fresh_tenant, new_customer, opened, posted, transfer
from tests.support.effort import sized

pytestmark = pytest.mark.usefixtures("transactional_db")

#: Batches of debit, credit, signed amount and day.
Plan = list[list[tuple[Code, Code, int, int]]]

CODES = (Code.UNBILLED_RECEIVABLE, Code.REVENUE, Code.WALLET_PAID, Code.WALLET_GRANTED)
# Large enough to need all digits, small enough that no balance overflows: that has its table in test_results.
amounts = st.one_of(st.integers(-20, 20), st.integers(-(2**120), 2**120))
moves = st.tuples(st.sampled_from(CODES), st.sampled_from(CODES), amounts, st.integers(0, 3))
plans = st.lists(st.lists(moves, min_size=1, max_size=8), min_size=1, max_size=5)
# Each example makes its own tenant, so that the fixture has nothing to reset between them.
many = settings(max_examples=sized(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def accounts() -> dict[Code, AccountIdentity]:
    acme = new_customer()
    return {code: opened(acme, code) for code in CODES}


def batches(books: dict[Code, AccountIdentity], plan: Plan) -> list[list[Transfer]]:
    """The plan's batches as transfers."""
    return [
        [
            transfer(books[debit], books[credit], amount, effective_at=MARCH_1 + timedelta(days=day))
            for debit, credit, amount, day in batch
        ]
        for batch in plan
    ]


def created(batch: list[Transfer]) -> list[Transfer]:
    """Posts the batch; those of its transfers that were created."""
    results = posted(*batch)
    return [one for one, result in zip(batch, results, strict=True) if result is Result.CREATED]


def net_of(transfers: list[Transfer], account_id: UUID) -> int:
    """By plain addition."""
    debits = sum(one.amount for one in transfers if one.debit_account_id == account_id)
    return debits - sum(one.amount for one in transfers if one.credit_account_id == account_id)


@many
@given(plan=plans)
def test_balances_are_the_sums_of_what_was_created(plan: Plan) -> None:
    """Stored, as of an instant and at a statement's end; the trial balance is even, and all checks are content."""
    with fresh_tenant():
        books = accounts()
        done = [one for batch in batches(books, plan) for one in created(batch)]
        for identity in books.values():
            account_id = identity.id_in(tenant_id())
            net, span = net_of(done, account_id), Span(start=MARCH_1 + timedelta(days=1))
            found = statement(account_id, span=span)
            assert found.closing == closing_balance(account_id, span=span) == net
            assert selectors.balance(identity) == selectors.balance(identity, as_of=MAY_1) == net
            assert_read_either_way(account_id)
        assert all(debit == credit for debit, credit in selectors.trial_balance().totals().values())
        assert [finding for check in CHECKS for finding in check.run().findings] == []


def assert_read_either_way(account_id: UUID) -> None:
    """Page by page from the start, or the last ones first, each movement is the same and has the same balance."""
    told = list(pages(account_id, limit=2))
    movements = [movement for page in told for movement in page.movements]
    assert [page.opening for page in told] == [0, *(page.closing for page in told[:-1])]
    for page in told[:-1]:
        assert closing_balance(account_id, span=Span(), after=page.next) == told[-1].closing
    assert list(latest(account_id, limit=3)) == movements[-3:][::-1]


@many
@given(plan=plans)
def test_a_replay_changes_nothing(plan: Plan) -> None:
    """What was created exists, and moves nothing a second time."""
    with fresh_tenant():
        for batch in batches(accounts(), plan):
            done = created(batch)
            before = selectors.trial_balance()
            assert posted(*done) == [Result.EXISTS] * len(done)
            assert selectors.trial_balance() == before


@many
@given(plan=plans)
def test_reversing_everything_restores_every_balance(plan: Plan) -> None:
    """Last first, so that no wallet is short on the way."""
    with fresh_tenant():
        books = accounts()
        done = [one for batch in batches(books, plan) for one in created(batch)]
        back = [reverse(one, id=new_id(), effective_at=MAY_1, journal_id=new_id()) for one in reversed(done)]
        assert posted(*back) == [Result.CREATED] * len(back)
        assert [selectors.balance(identity) for identity in books.values()] == [0] * len(books)
