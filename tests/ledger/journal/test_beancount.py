"""The books as Beancount reads them."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.journal.beancount import account, text
from ledger.journal.entries import NamedAccount
from tests.ledger.journal.samples import OPENING, RECEIVABLE, UNBILLED
from tests.ledger.journal.test_hledger import KEYS

#: What Beancount's own grammar takes for an account, in ASCII.
ACCOUNT = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")


def test_a_ledger() -> None:
    written = "\n".join(text([UNBILLED, RECEIVABLE], [OPENING], since=OPENING.on))
    assert written.startswith(
        dedent(
            """\
            2026-02-01 commodity EUR

            2026-02-01 open Assets:1100-AccountsReceivable:C-c-01
            2026-02-01 open Assets:1200-UnbilledReceivable:C-c-01

            2026-02-01 * "invoice opened, invoice rounding"
              journal: "00000000-0000-0000-0000-000000000009"
              Assets:1100-AccountsReceivable:C-c-01  12.340000000000 EUR
                transfer: "00000000-0000-0000-0000-000000000001"
                effective: "2026-02-01T00:00:00Z"
                about: "00000000-0000-0000-0000-000000000008"
              Assets:1200-UnbilledReceivable:C-c-01  -12.340000000000 EUR
            """
        )
    )


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("c-01", "C-c-01"),
        ("a.b", "C-a--2e-b"),
        ("a--b", "C-a--2d---2d-b"),
        ("-a", "C---2d-a"),
        ("a-", "C-a--2d-"),
        ("-", "C---2d-"),
        ("é", "C---e9-"),
    ],
)
def test_a_key_is_spelled_with_what_beancount_allows(key: str, name: str) -> None:
    assert account(NamedAccount(1100, key, "", "EUR")) == f"Assets:1100-AccountsReceivable:{name}"


def test_a_sub_account_stands_below_its_customer() -> None:
    assert account(NamedAccount(2100, "c", "main", "EUR")) == "Liabilities:2100-WalletPaidCredit:C-c:S-main"


@given(KEYS, KEYS)
def test_no_two_customers_share_an_account(one: str, other: str) -> None:
    names = [account(NamedAccount(1100, key, key, "EUR")) for key in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    assert all(ACCOUNT.fullmatch(name) for name in names)


@given(st.text("a-.", max_size=8), st.text("a-.", max_size=8))
def test_hyphens_are_told_apart(one: str, other: str) -> None:
    """The same, of keys that are nearly all hyphens."""
    names = [account(NamedAccount(1100, key, "", "EUR")) for key in (one, other)]
    assert (names[0] == names[1]) == (one == other)
