"""Account identities and the ids that follow from them."""

from __future__ import annotations

from itertools import combinations
from uuid import UUID

from uuid_utils.compat import uuid7

from ledger.accounts import AccountIdentity, Balances
from ledger.chart import Code

TENANT = UUID("01930000-0000-7000-8000-000000000001")
CUSTOMER = UUID("01930000-1111-7000-8000-000000000002")


def test_an_account_id_is_a_function_of_its_identity() -> None:
    """The same everywhere and for ever: a changed derivation would split accounts in two."""
    identity = AccountIdentity(CUSTOMER, "EUR", Code.UNBILLED_RECEIVABLE)
    assert str(identity.id_in(TENANT)) == "01930000-1111-8907-ba53-bca71de395da"
    assert AccountIdentity(CUSTOMER, "EUR", 1200).id_in(TENANT) == identity.id_in(TENANT)


def test_every_part_of_the_identity_tells_accounts_apart() -> None:
    """Tenant, customer, currency, code and sub; and no part runs into the next."""
    ids = [
        AccountIdentity(CUSTOMER, "EUR", 1200).id_in(TENANT),
        AccountIdentity(CUSTOMER, "EUR", 1200).id_in(CUSTOMER),
        AccountIdentity(None, "EUR", 1200).id_in(TENANT),
        AccountIdentity(CUSTOMER, "USD", 1200).id_in(TENANT),
        AccountIdentity(CUSTOMER, "EUR", 1210).id_in(TENANT),
        AccountIdentity(CUSTOMER, "EUR", 1200, "x").id_in(TENANT),
    ]
    assert all(a != b for a, b in combinations(ids, 2))


def test_accounts_lie_beside_each_other_in_the_order_of_customers() -> None:
    """The id begins with the customer's own time, so that a tree's accounts are close in the index."""
    first, second = uuid7(), UUID(int=uuid7().int + (1 << 90))
    ids = [AccountIdentity(customer, "EUR", code).id_in(TENANT) for customer in (first, second) for code in Code]
    assert all(account.int >> 80 == first.int >> 80 for account in ids[: len(Code)])
    assert max(ids[: len(Code)]) < min(ids[len(Code) :])


def test_a_customer_id_that_holds_no_time_still_gives_an_id() -> None:
    """Any UUID will do."""
    identity = AccountIdentity(UUID(int=2**128 - 1), "EUR", 1000)
    assert identity.id_in(TENANT).version == 8


def test_net_is_debits_less_credits() -> None:
    """Above zero on the debit side; what is pending does not count."""
    assert Balances(debits_pending=9, debits_posted=5, credits_pending=9, credits_posted=7).net == -2
