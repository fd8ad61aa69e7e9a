"""The books as hledger reads them."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.journal.entries import NamedAccount
from ledger.journal.hledger import account, text
from tests.ledger.journal.samples import OPENING, RECEIVABLE, ROUNDING, UNBILLED


def test_a_journal() -> None:
    tags = "about:00000000-0000-0000-0000-000000000008, effective:2026-02-01T00:00:00Z"
    first, second = (f"transfer:00000000-0000-0000-0000-00000000000{n}, {tags}" for n in (1, 2))
    written = "\n".join(text([UNBILLED, RECEIVABLE, ROUNDING], [OPENING], since=OPENING.on))
    assert written == dedent(
        f"""\
        decimal-mark .

        commodity 1000.000000000000 EUR

        account assets:1100 accounts receivable:c-01
        account assets:1200 unbilled receivable:c-01
        account expenses:5200 rounding:c-01

        2026-02-01 * invoice opened, invoice rounding  ; journal:00000000-0000-0000-0000-000000000009
            assets:1100 accounts receivable:c-01  12.340000000000 EUR  ; {first}
            assets:1200 unbilled receivable:c-01  -12.340000000000 EUR  ; {first}
            expenses:5200 rounding:c-01  0.000000000001 EUR  ; {second}
            assets:1200 unbilled receivable:c-01  -0.000000000001 EUR  ; {second}"""
    )


@pytest.mark.parametrize(
    ("named", "name"),
    [
        (NamedAccount(1000, "c-01", "stripe", "EUR"), "assets:1000 cash clearing:c-01:stripe"),
        (NamedAccount(2100, "c.1@x/y", "", "EUR"), "liabilities:2100 wallet, paid credit:c.1@x/y"),
        (NamedAccount(4000, "Πέτρος", "", "EUR"), "revenues:4000 revenue:Πέτρος"),
        (NamedAccount(4000, "a:b  c;d", "", "EUR"), "revenues:4000 revenue:a%3Ab%20%20c%3Bd"),
        (NamedAccount(4000, "100%", "", "EUR"), "revenues:4000 revenue:100%25"),
        (NamedAccount(7, "x", "", "L1"), "equity:7:x"),
    ],
)
def test_an_account_is_named_by_what_identifies_it(named: NamedAccount, name: str) -> None:
    assert account(named) == name


def test_a_commodity_that_is_no_word_is_quoted() -> None:
    assert 'commodity 1000.000000000000 "L1"' in list(text([NamedAccount(7, "x", "", "L1")], [], since=OPENING.on))


KEYS = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32), min_size=1, max_size=12)


@given(KEYS, KEYS)
def test_no_two_customers_share_an_account(one: str, other: str) -> None:
    """And no key can end its account's name, begin a comment or another account."""
    names = [account(NamedAccount(1100, key, "", "EUR")) for key in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    assert all(name.count(":") == 2 and "  " not in name and ";" not in name for name in names)
