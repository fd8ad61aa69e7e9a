"""ISO 4217 codes, numbers and minor units."""

from __future__ import annotations

import moneyed
import pytest

from core.currency import CURRENCIES, Currency, UnknownCurrency, currency
from core.money import PLACES

#: Newer than py-moneyed's table.
NOT_IN_MONEYED = {"XCG", "ZWG"}
#: Withdrawn, by what: the Caribbean guilder, the euro (Bulgaria and Croatia), the peso (Cuba), the new leone,
#: Zimbabwe Gold.
WITHDRAWN = {"ANG", "BGN", "HRK", "CUC", "SLL", "ZWL"}


@pytest.mark.parametrize(
    ("code", "number", "digits"),
    [
        ("USD", 840, 2),
        ("EUR", 978, 2),
        ("ALL", 8, 2),
        ("JPY", 392, 0),
        ("ISK", 352, 0),
        ("KWD", 414, 3),
        ("IQD", 368, 3),
        ("HUF", 348, 2),
        ("CLF", 990, 4),
        ("UYW", 927, 4),
        ("XOF", 952, 0),
        ("XCG", 532, 2),
    ],
)
def test_a_currency_has_a_number_and_a_minor_unit(code: str, number: int, digits: int) -> None:
    assert currency(code) == Currency(code=code, number=number, digits=digits)


@pytest.mark.parametrize(
    "code",
    [
        *("", "usd", "US", "USDT", "BTC", "DEM", "USD\0"),
        *("XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR", "XUA", "XBA"),
        *sorted(WITHDRAWN),
    ],
)
def test_what_is_no_money_is_refused_by_field(code: str) -> None:
    """Lower case, crypto, metals, units of account, test codes and withdrawn currencies."""
    with pytest.raises(UnknownCurrency) as refused:
        currency(code, field="customers[3].currency")
    assert (refused.value.code, refused.value.field) == ("unknown_currency", "customers[3].currency")


def test_a_refusal_stays_short() -> None:
    with pytest.raises(UnknownCurrency) as refused:
        currency("X" * 100_000)
    assert len(str(refused.value)) < 100


def test_numbers_name_one_currency_each() -> None:
    """A ledger is known by its currency's number."""
    assert len({known.number for known in CURRENCIES.values()}) == len(CURRENCIES)
    assert all(0 < known.number < 1000 and 0 <= known.digits <= 4 < PLACES for known in CURRENCIES.values())


def test_the_table_agrees_with_moneyed() -> None:
    """Number and minor unit of all that both have; py-moneyed lacks some numbers."""
    assert CURRENCIES.keys() - moneyed.CURRENCIES.keys() == NOT_IN_MONEYED
    for code in CURRENCIES.keys() - NOT_IN_MONEYED:
        theirs, ours = moneyed.CURRENCIES[code], CURRENCIES[code]
        assert theirs.sub_unit == 10**ours.digits, code
        assert theirs.numeric is None or int(theirs.numeric) == ours.number, code
