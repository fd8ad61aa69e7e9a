"""Opening accounts and posting transfers."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from core.access.scope import tenant_id
from core.currency import UnknownCurrency
from core.db.transaction import atomic
from customers.models import Customer
from ledger.accounts import AccountIdentity, Balances
from ledger.chart import AccountFlags, Code
from ledger.models import Account, Transfer
from ledger.results import Result
from ledger.services import PostingRefused, open_accounts, post, post_all
from ledger.transfers import reverse
from tests.ledger.builders import APRIL_1, MARCH_1, fresh_tenant, held, new_customer, opened, posted, transfer

pytestmark = pytest.mark.usefixtures("books")
CREATED, EXISTS = Result.CREATED, Result.EXISTS


def test_accounts_are_opened_once(acme: Customer) -> None:
    """The second call finds them; the id follows from the identity, the ledger from the currency."""
    identities = [AccountIdentity(acme.id, "EUR", Code.REVENUE, "seats"), AccountIdentity(acme.id, "JPY", Code.REVENUE)]
    first, second = open_accounts(identities), open_accounts([*identities, identities[0]])
    assert first == second == {identity: identity.id_in(tenant_id()) for identity in identities}
    rows = Account.objects.filter(customer=acme).order_by("currency").values_list("currency", "ledger", "sub", "flags")
    assert list(rows) == [("EUR", 978, "seats", 0), ("JPY", 392, "", 0)]


def test_a_wallet_is_opened_guarded(wallet: AccountIdentity) -> None:
    assert Account.objects.get(pk=wallet.id_in(tenant_id())).flags == AccountFlags.DEBITS_MUST_NOT_EXCEED_CREDITS


def test_an_account_needs_a_currency(acme: Customer) -> None:
    """One of ISO 4217, whose number is the ledger."""
    with pytest.raises(UnknownCurrency):
        open_accounts([AccountIdentity(acme.id, "EUX", Code.REVENUE)])


def test_posting_moves_both_balances(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """The one debited and the one credited, by the same amount; each is recorded at the instant given."""
    charge = transfer(unbilled, revenue, 250, effective_at=APRIL_1)
    assert posted(charge, transfer(revenue, unbilled, 50), at=MARCH_1) == [CREATED, CREATED]
    assert held(unbilled, revenue) == [
        Balances(debits_posted=250, credits_posted=50),
        Balances(debits_posted=50, credits_posted=250),
    ]
    row = Transfer.objects.get(pk=charge.id)
    assert (row.effective_at, row.timestamp, row.tenant_id) == (APRIL_1, MARCH_1, tenant_id())


def test_the_largest_amount_fits(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """An unsigned 128-bit integer, and not one more."""
    results = posted(transfer(unbilled, revenue, 2**128 - 1), transfer(unbilled, revenue, 1))
    assert results == [CREATED, Result.OVERFLOWS_DEBITS_POSTED]
    assert held(revenue) == [Balances(credits_posted=2**128 - 1)]


def test_a_batch_whose_sums_fit_no_column_is_judged(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """The database can't even add it up; each transfer is told what is wrong with it all the same."""
    results = posted(*(transfer(unbilled, revenue, 2**128 - 1) for _ in range(4)))
    assert results == [CREATED, *[Result.OVERFLOWS_DEBITS_POSTED] * 3]
    assert held(revenue) == [Balances(credits_posted=2**128 - 1)]


@pytest.mark.parametrize("count", [1, 60])
def test_doing_it_twice_is_doing_it_once(unbilled: AccountIdentity, revenue: AccountIdentity, count: int) -> None:
    """The same ids with the same contents exist, however many there are."""
    batch = [transfer(unbilled, revenue, amount) for amount in range(1, count + 1)]
    assert posted(*batch) == [CREATED] * count
    assert posted(*batch) == [EXISTS] * count
    assert held(unbilled) == [Balances(debits_posted=sum(range(count + 1)))]


def test_every_field_survives_the_database(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """What comes back is equal to what went in, or a replay would differ."""
    full = transfer(unbilled, revenue, 10**30, code=65535, user_data_128=UUID(int=2**128 - 1))
    full = msgspec.structs.replace(full, user_data_64=2**63 - 1, user_data_32=2**32 - 1)
    assert posted(full) == [CREATED]
    assert posted(full) == [EXISTS]


def test_the_same_id_with_other_contents_is_refused(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """And named by the field that differs; nothing moves."""
    first = transfer(unbilled, revenue, 10)
    posted(first)
    changes = {"amount": 11, "code": 2, "user_data_128": UUID(int=4), "effective_at": APRIL_1}
    others = [msgspec.structs.replace(first, **{field: value}) for field, value in changes.items()]
    assert posted(*others) == [f"exists_with_different_{field}" for field in changes]
    assert held(unbilled) == [Balances(debits_posted=10)]


@pytest.mark.parametrize("filler", [0, 60])
def test_a_refused_transfer_does_not_hinder_the_others(
    unbilled: AccountIdentity, revenue: AccountIdentity, filler: int
) -> None:
    """Each is answered in its place, in small batches and in large ones."""
    nowhere = AccountIdentity(unbilled.customer_id, "EUR", Code.BANK)
    good = [transfer(unbilled, revenue, 5) for _ in range(filler + 2)]
    batch = [good[0], transfer(unbilled, nowhere, 5), transfer(unbilled, unbilled, 5), good[0], *good[1:]]
    named = [CREATED, Result.CREDIT_ACCOUNT_NOT_FOUND, Result.ACCOUNTS_MUST_BE_DIFFERENT, EXISTS]
    assert posted(*batch) == named + [CREATED] * (filler + 1)
    assert held(revenue) == [Balances(credits_posted=5 * (filler + 2))]


def test_two_currencies_never_meet(unbilled: AccountIdentity, acme: Customer) -> None:
    """Neither between accounts nor by a transfer that calls itself of another one."""
    yen = opened(acme, Code.REVENUE, currency_code="JPY")
    euro = opened(acme, Code.REVENUE)
    assert posted(transfer(unbilled, yen, 5), transfer(unbilled, euro, 5, ledger=392)) == [
        Result.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER,
        Result.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS,
    ]


def test_another_tenants_accounts_are_not_there(unbilled: AccountIdentity) -> None:
    """From here they can't even be told from accounts that don't exist."""
    with fresh_tenant():
        stranger = opened(new_customer(), Code.REVENUE).id_in(tenant_id())
    assert posted(transfer(unbilled, unbilled, 5, credit_account_id=stranger)) == [Result.CREDIT_ACCOUNT_NOT_FOUND]


def test_a_wallet_is_not_overdrawn(unbilled: AccountIdentity, wallet: AccountIdentity) -> None:
    """In the order of the batch: what was credited first can be drawn, and no more."""
    top_up, draw = transfer(unbilled, wallet, 100), transfer(wallet, unbilled, 60)
    again = transfer(wallet, unbilled, 60)
    assert posted(draw, top_up, again, transfer(wallet, unbilled, 41), transfer(wallet, unbilled, 40)) == [
        Result.EXCEEDS_CREDITS,
        CREATED,
        CREATED,
        Result.EXCEEDS_CREDITS,
        CREATED,
    ]
    assert held(wallet) == [Balances(debits_posted=100, credits_posted=100)]


def test_a_large_batch_obeys_the_guards_one_by_one(unbilled: AccountIdentity, wallet: AccountIdentity) -> None:
    """It is not enough that the sum comes out right."""
    draws = [transfer(wallet, unbilled, 1) for _ in range(60)]
    assert posted(*draws, transfer(unbilled, wallet, 60)) == [Result.EXCEEDS_CREDITS] * 60 + [CREATED]


def test_a_reversal_restores_both_accounts(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """The books keep both entries; the balances are as before."""
    charge = transfer(unbilled, revenue, 70)
    posted(charge, reverse(charge, id=UUID(int=charge.id.int + 1), effective_at=APRIL_1, journal_id=UUID(int=3)))
    assert [one.net for one in held(unbilled, revenue)] == [0, 0]


def test_posting_belongs_to_a_transaction(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """What is booked and why must be saved together."""
    with pytest.raises(RuntimeError, match="transaction"):
        post([transfer(unbilled, revenue, 1)], at=MARCH_1)


def test_post_all_posts_all_or_none(
    unbilled: AccountIdentity, revenue: AccountIdentity, wallet: AccountIdentity
) -> None:
    """The refusal names the first culprit, and the caller's transaction can go on."""
    batch = [transfer(unbilled, revenue, 5), transfer(wallet, revenue, 5)]
    with atomic():
        with pytest.raises(PostingRefused) as refused:
            post_all(batch, at=MARCH_1)
        assert post_all(batch[:1], at=MARCH_1) == [CREATED]
    assert refused.value.code == "posting_refused"
    assert refused.value.facts == {"index": 1, "result": Result.EXCEEDS_CREDITS, "transfer": batch[1].id}
    assert held(unbilled) == [Balances(debits_posted=5)]


def test_post_all_takes_a_replay_where_that_is_meant(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """Elsewhere `exists` means that somebody else did it, and is refused."""
    batch = [transfer(unbilled, revenue, 5)]
    with atomic():
        post_all(batch, at=MARCH_1)
        assert post_all(batch, at=APRIL_1, replay_ok=True) == [EXISTS]
        with pytest.raises(PostingRefused):
            post_all(batch, at=APRIL_1)


def test_nothing_to_post_is_nothing_posted() -> None:
    assert posted() == []
