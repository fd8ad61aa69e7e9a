"""Figures and days as their reader writes them, and every digit of them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.invoicing.formats import Reader

DIGITS = st.from_regex(r"[1-9][0-9]{0,60}(\.[0-9]{0,59}[1-9])?", fullmatch=True)


@given(DIGITS, st.sampled_from(["en", "hi_IN", "en_GB", "ja_JP"]))
def test_no_digit_of_a_number_is_lost(value: str, locale: str) -> None:
    """Babel rounds to 28 digits unless it is told otherwise."""
    reader = Reader(currency="USD", locale=locale)
    assert reader.number(Fraction(value)).replace(",", "") == value
    shown = reader.money(Fraction(value)).replace(",", "").partition("$")[2]
    assert Fraction(shown) == Fraction(value)
    assert len(shown.partition(".")[2]) >= 2


@pytest.mark.parametrize(
    "currency, locale, amount, shown",
    [
        ("JPY", "en", "1234", "¥1,234"),
        ("KWD", "en", "1.5", "KWD\u00a01.500"),
        ("USD", "en_CA", "1.5", "US$1.50"),
        ("EUR", "de_DE", "1234.5", "1.234,50\u00a0€"),
        ("EUR", "el-GR", "-1234.5", "−1.234,50\u00a0€"),
        ("INR", "hi_IN", "1234567", "₹12,34,567.00"),
        ("ALL", "en", "12", "ALL\u00a012.00"),
        ("JPY", "ja_JP", "1234", "¥1,234"),
        ("KRW", "yue", "1234", "₩1,234"),
        ("EUR", "ar_EG", "-1234.5", "−1,234.50\u00a0€"),
        ("KWD", "ar_KW", "1.5", "1.500\u00a0KWD"),
        ("NPR", "ne", "1.5", "NPR\u00a01.50"),
        ("XOF", "fr_SN", "1500", "1\u202f500\u00a0F\u00a0CFA"),
        ("EUR", "ff_Adlm", "1234.5", "€1,234.50"),
        ("EUR", "xx_XX", "1", "€1.00"),
        ("EUR", "C", "1", "€1.00"),
        ("EUR", "", "1", "€1.00"),
        ("EUR", None, "1", "€1.00"),
        ("EUR", "de_DE.UTF-8", "1", "1,00\u00a0€"),
    ],
)
def test_money_is_written_as_its_reader_writes_it(currency: str, locale: str | None, amount: str, shown: str) -> None:
    assert Reader(currency=currency, locale=locale).money(Fraction(amount)) == shown


@pytest.mark.parametrize(
    "locale, start, end, words",
    [
        ("en_GB", "2026-01-01", "2026-02-01", "1–31 Jan 2026"),
        ("el_GR", "2026-01-10", "2026-02-10", "10 Jan\u2009–\u20099 Feb 2026"),
        ("en_GB", "2026-01-10", "2026-01-11", "10 Jan 2026"),
        ("en_GB", "2026-01-10T15:30:00Z", "2026-02-01", "10 Jan 2026, 15:30 UTC – 31 Jan 2026"),
        ("en_GB", "2026-01-10", "2026-01-31T06:00:00+02:00", "10 Jan 2026 – 31 Jan 2026, 06:00 UTC+02:00"),
    ],
)
def test_a_span_names_the_days_in_it(locale: str, start: str, end: str, words: str) -> None:
    """Spans are half-open in the document, and inclusive for people."""
    assert Reader(currency="EUR", locale=locale).span(start, end) == words
