"""What the fields of a party must look like."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidValue
from customers import checks

name = partial(checks.text, field="name", longest=10)
tax_id = partial(checks.vat_id, field="tax_ids[0]")
IBAN = "DE89370400440532013000"


@pytest.mark.parametrize(
    ("check", "value", "read"),
    [
        (name, "One Inc", "One Inc"),
        (name, "x" * 10, "x" * 10),
        (name, "Ω 😀 株式", "Ω 😀 株式"),
        (partial(name, empty=True), "", ""),
        (checks.key, "c-01", "c-01"),
        (checks.key, "k" * 120, "k" * 120),
        (checks.currency_code, "JPY", "JPY"),
        (checks.time_zone, "Asia/Kolkata", "Asia/Kolkata"),
        (checks.time_zone, "UTC", "UTC"),
        (checks.country, "NO", "NO"),
        (checks.locale, "en", "en"),
        (checks.locale, "de_DE", "de_DE"),
        (checks.locale, "pt-BR", "pt-BR"),
        (tax_id, "DE136695976", "DE136695976"),
        (tax_id, "DE 136 695 976", "DE136695976"),
        (tax_id, "US-12345", "US-12345"),
        (checks.series, "INV-{number:06}", "INV-{number:06}"),
        (checks.series, "{number}", "{number}"),
        (checks.series, "R {number:4d}/26", "R {number:4d}/26"),
        (checks.address, {}, {"lines": [], "city": "", "postcode": "", "country": ""}),
        (
            checks.address,
            {"lines": ["Torstraße 140", "2. Hof"], "city": "Berlin", "postcode": "10119", "country": "DE"},
            {"lines": ["Torstraße 140", "2. Hof"], "city": "Berlin", "postcode": "10119", "country": "DE"},
        ),
        (
            checks.bank,
            {"name": "Bank", "iban": IBAN, "bic": "COBADEFFXXX"},
            {"name": "Bank", "iban": IBAN, "bic": "COBADEFFXXX"},
        ),
        (checks.bank, {}, {}),
    ],
)
def test_what_is_read(check: Callable[[Any], Any], value: Any, read: Any) -> None:
    assert check(value) == read


@pytest.mark.parametrize(
    ("check", "value", "field"),
    [
        *((name, value, "name") for value in ("", " ", "\t", "x" * 11, 5, None, ["x"], b"x")),
        *((name, f"a{character}b", "name") for character in "\x00\x01\t\n\r\x1b\x1f\x7f"),
        *((checks.key, value, "key") for value in ("", "k" * 121, "a\nb")),
        *((checks.currency_code, value, "currency") for value in ("usd", "XXX", "EURO", "DM", "")),
        *((checks.time_zone, value, "time_zone") for value in ("Mars/Base", "../etc/passwd", "/etc/localtime", "")),
        *((checks.time_zone, value, "time_zone") for value in ("utc+1", "Europe", "Europe/Berlin\x00")),
        *(
            (checks.country, value, "country")
            for value in ("de", "DEU", "D1", "", "ＤＥ", "Ä", "XX", "ZZ", "EU", "UK", "AC")
        ),
        *((checks.locale, value, "locale") for value in ("xx_XX", "english", "", "e" * 21, "de_DE\n")),
        *((tax_id, value, "tax_ids[0]") for value in ("DE136695977", "DE12", "", "x" * 31, "FR00000000000")),
        *((checks.series, value, "series") for value in ("INV", "{number}{number}", "{number", "{other}", "{}", "")),
        *(
            (checks.series, value, "series")
            for value in ("{number:x}", "{number.real}", "{number!r}", "{number:>99999}")
        ),
        *((checks.address, value, "address") for value in ("Berlin", ["Berlin"], {"street": "x"}, None)),
        (checks.address, {"lines": "Torstraße"}, "address.lines"),
        (checks.address, {"lines": ["ok", ""]}, "address.lines[1]"),
        (checks.address, {"city": 5}, "address.city"),
        (checks.address, {"postcode": "x" * 121}, "address.postcode"),
        (checks.address, {"country": "de"}, "address.country"),
        *((checks.bank, value, "bank") for value in ("DE89", {"account": "x"}, None)),
        (checks.bank, {"iban": "DE89370400440532013001"}, "bank.iban"),
        (checks.bank, {"bic": ""}, "bank.bic"),
    ],
)
def test_what_is_refused_by_its_field(check: Callable[[Any], Any], value: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check(value)
    assert refused.value.field == field


@given(st.text(max_size=60))
def test_whatever_is_taken_for_a_series_can_write_every_number_differently(series: str) -> None:
    """Two invoices never print the same number, and writing it never fails."""
    try:
        checks.series(series)
    except InvalidValue:
        return
    assert len({series.format(number=n) for n in (1, 2, 10**6, 10**12)}) == 4


@given(st.from_regex(r"[A-Z/ -]{0,5}\{number(:0?[0-9]{1,2}d?)?\}[A-Z/ -]{0,5}", fullmatch=True), st.integers(1, 10**12))
def test_a_series_writes_each_number_with_its_digits(series: str, number: int) -> None:
    assert str(number) in checks.series(series).format(number=number)
