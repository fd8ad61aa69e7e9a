"""The words of lines and of their arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from billing.invoicing.formats import Reader
from billing.invoicing.wording import breakdown_words, counted, line_description, name_of_key, plural, tier_words
from tests.billing.invoicing.samples import row

USD = Reader(currency="USD", locale="en")


@pytest.mark.parametrize(
    "fields, words",
    [
        ({}, "Language model API · Input tokens"),
        ({"price": "Language model API"}, "Language model API"),
        (
            {"dimensions": {"region": "eu", "model": "large"}},
            "Language model API · Input tokens (model: large, region: eu)",
        ),
        ({"dimensions": {"region": ""}}, "Language model API · Input tokens (region: (empty))"),
        ({"late": True}, "Late usage: Language model API · Input tokens"),
        ({"negative": True}, "Correction: Language model API · Input tokens"),
        ({"negative": True, "late": True}, "Correction: Language model API · Input tokens"),
        ({"negative": True, "kind": "fee"}, "Credit for unused time: Language model API · Input tokens"),
    ],
)
def test_a_line_says_what_it_is_and_what_is_unusual(fields: dict[str, Any], words: str) -> None:
    plain: dict[str, Any] = {"product": "Language model API", "price": "Input tokens", "kind": "usage"}
    assert line_description(**{**plain, **fields}) == words


@pytest.mark.parametrize(
    "key, name", [("input_tokens", "Input tokens"), ("gpu-hours", "Gpu hours"), ("API", "API"), ("", "")]
)
def test_a_thing_with_only_a_key_is_called_by_it(key: str, name: str) -> None:
    assert name_of_key(key) == name


@pytest.mark.parametrize(
    "unit, several",
    [
        ("token", "tokens"),
        ("GPU hour", "GPU hours"),
        ("GB-hour", "GB-hours"),
        ("query", "queries"),
        ("day", "days"),
        ("batch", "batches"),
        ("tokens", "tokens"),
        ("address", "addresses"),
        ("GB", "GB"),
        ("kWh", "kWh"),
        ("ms", "ms"),
        ("%", "%"),
        ("μοίρα", "μοίρα"),
    ],
)
def test_units_have_a_plural_and_symbols_have_none(unit: str, several: str) -> None:
    assert plural(unit) == several


@pytest.mark.parametrize(
    "quantity, unit, words",
    [
        ("1500", "token", "1,500 tokens"),
        ("1", "token", "1 token"),
        ("-1", "token", "−1 token"),
        ("0", "token", "0 tokens"),
        ("1.5", "hour", "1.5 hours"),
        ("3", None, "3"),
        ("3", "", "3"),
    ],
)
def test_a_quantity_is_counted_in_its_unit(quantity: str, unit: str | None, words: str) -> None:
    assert counted(Fraction(quantity), unit, reader=USD) == words


PACKAGE = {"package_size": "1000", "package_amount": "0.40"}


@pytest.mark.parametrize(
    "given_row, unit, words",
    [
        (row("49123", "0.0000135"), "token", "49,123 tokens at $0.0000135 each"),
        (row("2", "12"), None, "2 at $12.00 each"),
        (row("312", "0.25", start="100", end="500"), "user", "312 users at $0.25 each (tier above 100, up to 500)"),
        (row("50", "1", start="0", end="100"), "call", "50 calls at $1.00 each (tier up to 100)"),
        (row("50", "1", start="0"), "call", "50 calls at $1.00 each"),
        (row("50", "1", flat="5", start="0"), "call", "50 calls at $1.00 each, plus $5.00"),
        (row("1", flat="49"), None, "fixed amount of $49.00"),
        (row("1", flat="49", share="18/31"), None, "fixed amount of $49.00 for 18/31 of the period"),
        (row("3", "12", share="9/14"), "seat", "3 seats at $12.00 each for 9/14 of the period"),
        (row("80", flat="250", start="0", end="100"), "hour", "100 hours included for $250.00, 80 hours used"),
        (row("100", flat="250", start="0", end="100"), "hour", "100 hours included for $250.00"),
        (row("100", start="0", end="100"), "hour", "100 hours included"),
        (row("30", flat="9", start="100"), "call", "30 calls for $9.00 together"),
        (row("1650", flat="0.80", start="0", **PACKAGE), "call", "2 packages of 1,000 calls at $0.40 each"),
        (row("1", flat="0.40", start="0", **PACKAGE), "call", "1 package of 1,000 calls at $0.40 each"),
    ],
)
def test_a_row_says_how_its_amount_came_about(given_row: Any, unit: str | None, words: str) -> None:
    assert tier_words(given_row, unit=unit, reader=USD) == words


@pytest.mark.parametrize(
    "share, days, words",
    [
        ("9/14", 18, "3 seats at $12.00 each for 18 of 28 days"),
        ("18/31", 18, "3 seats at $12.00 each for 18 of 31 days"),
        ("18/31", None, "3 seats at $12.00 each for 18/31 of the period"),
        ("18/31", 17, "3 seats at $12.00 each for 18/31 of the period"),
        ("1", 31, "3 seats at $12.00 each"),
        (None, 31, "3 seats at $12.00 each"),
    ],
)
def test_a_share_of_the_period_is_told_in_days_where_they_are_whole(
    share: str | None, days: int | None, words: str
) -> None:
    given_row = row("3", "12") | ({} if share is None else {"share": share})
    assert tier_words(given_row, unit="seat", reader=USD, days=days) == words


@pytest.mark.parametrize(
    "rows, words",
    [
        (
            [row("1000000", "0.000002", start="0", end="1000000"), row("500000", "0.0000015", start="1000000")],
            ["first 1,000,000 tokens at $0.000002 each", "next 500,000 tokens at $0.0000015 each"],
        ),
        (
            [row("5000", start="0", end="5000"), row("1650", flat="0.80", start="5000", **PACKAGE)],
            ["first 5,000 tokens included", "overage: 2 packages of 1,000 tokens at $0.40 each"],
        ),
        (
            [row("100", flat="250", start="0", end="100"), row("12.5", "3.10", start="100")],
            ["first 100 tokens included for $250.00", "overage: 12.5 tokens at $3.10 each"],
        ),
        (
            [row("1200", "0.5", start="1000"), row("-900", "1", start="0", end="1000")],
            ["1,200 tokens at $0.50 each (tier above 1,000)", "taken back: 900 tokens at $1.00 each"],
        ),
        (
            [row("1", flat="49", share="2/5"), row("-1", flat="-49")],
            ["fixed amount of $49.00 for 2/5 of the period", "taken back: fixed amount of $49.00"],
        ),
        ([row("0", flat="-10")], ["taken back: fixed amount of $10.00"]),
        ([row("-500", flat="-0.40", start="0", **PACKAGE)], ["taken back: 1 package of 1,000 tokens at $0.40 each"]),
        ([row("-5", "1", flat="-3", start="0")], ["taken back: 5 tokens at $1.00 each, plus $3.00"]),
        ([], []),
    ],
)
def test_rows_are_placed_among_their_neighbors(rows: list[Any], words: list[str]) -> None:
    assert breakdown_words(rows, unit="token", reader=USD) == words
