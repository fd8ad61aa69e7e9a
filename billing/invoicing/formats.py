"""Amounts, quantities and days as a reader's locale writes them, with every digit shown.

Our words are English, so days are too; digits, separators and currency signs follow the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from unicodedata import normalize

import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval
from babel.numbers import format_decimal, get_currency_name, get_currency_symbol

from core.currency import currency
from core.money import format_exact

_ENGLISH = Locale("en")
#: CLDR's currencySpacing, which Babel leaves out: "KWD 1.500", but "US$1.50".
_LETTER_BEFORE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=[0-9])")

_MARKS_OF_DIRECTION = re.compile("[\u061c\u200e\u200f]")
#: Latin, Greek and Cyrillic, punctuation, currency signs, minus: what the bundled fonts surely have.
_PRINTABLE = re.compile("[\u0020-\u052f\u2000-\u20bf\u2212]+")
_UNBROKEN = re.compile(r"[^ \n]{40,}")
_TEN = re.compile(r".{10}(?=.)")


class Reader(msgspec.Struct, frozen=True):
    """Who reads a document: its currency (ISO 4217) and a locale (BCP 47 or POSIX; English if unknown or none)."""

    currency: str
    locale: str | None = None

    def money(self, amount: Fraction) -> str:
        """1234.5 EUR → "€1,234.50"; at least the currency's decimals, and as many more as the amount has."""
        value, locale = Decimal(format_exact(amount)), locale_named(self.locale)
        pattern = copy(locale.currency_formats["standard"])
        # ISO 4217's decimals; CLDR's would drop the cents of some currencies.
        pattern.frac_prec = (currency(self.currency).digits,) * 2
        with _all_digits(value):
            text = pattern.apply(value, locale, decimal_quantization=False)
        return _LETTER_BEFORE_DIGIT.sub("\u00a0", _left_to_right(text.replace("¤", self._sign(locale))))

    def number(self, value: Fraction) -> str:
        """1234567.0025 → "1,234,567.0025"."""
        exact = Decimal(format_exact(value))
        with _all_digits(exact):
            return _left_to_right(format_decimal(exact, locale=locale_named(self.locale), decimal_quantization=False))

    def day(self, iso: str) -> str:
        """ "2026-01-31" → "31 Jan 2026", or as the reader's own English has it."""
        return format_date(date.fromisoformat(iso), format="medium", locale=_english(self.locale))

    def span(self, start: str, end: str) -> str:
        """A half-open span by the days in it: "2026-01-01", "2026-02-01" → "1–31 Jan 2026".

        A bound that is an instant (it does not fall on a midnight) is shown with its time and offset.
        """
        if _is_day(start) and _is_day(end):
            last = date.fromisoformat(end) - timedelta(days=1)
            return format_interval(date.fromisoformat(start), last, "yMMMd", locale=_english(self.locale))
        return f"{self._moment(start)} – {self._moment(_day_before(end) if _is_day(end) else end)}"

    def _sign(self, locale: Locale) -> str:
        """The currency's sign in `locale`, narrow; its code where the sign is of a script that we don't print."""
        sign = normalize("NFKC", get_currency_symbol(self.currency, locale=locale)).replace(" ", "\u00a0")
        return sign if _PRINTABLE.fullmatch(sign) else self.currency

    def _moment(self, iso: str) -> str:
        if _is_day(iso):
            return self.day(iso)
        instant = datetime.fromisoformat(iso)
        return f"{self.day(instant.date().isoformat())}, {instant:%H:%M} {instant.tzname()}"


def minor_unit(code: str) -> Fraction:
    """The smallest amount that the currency pays in: 0.01 for EUR, 1 for JPY."""
    return Fraction(1, 10 ** currency(code).digits)


def currency_words(code: str) -> str:
    """ "EUR" → "euros (EUR)"."""
    return f"{get_currency_name(code, count=2, locale=_ENGLISH)} ({code})"


def country_words(code: str) -> str:
    """ "DE" → "Germany"; a code we don't know stays as it is."""
    return str(_ENGLISH.territories.get(code, code))


def breakable(text: str) -> str:
    """`text` with places to break inside any run of 40 characters that has none.

    A browser breaks such a run by itself; WeasyPrint takes minutes over a name of 10,000 letters.
    """
    return _UNBROKEN.sub(lambda run: _TEN.sub("\\g<0>\N{ZERO WIDTH SPACE}", run[0]), text)


@cache
def locale_named(name: str | None) -> Locale:
    """The locale of that BCP 47 or POSIX name ("de-AT", "el_GR.UTF-8").

    English for one we don't know, and for one whose separators are of a script that we don't print.
    """
    try:
        locale = Locale.parse((name or "en").replace("-", "_").split(".")[0])
    except (UnknownLocaleError, ValueError):
        return _ENGLISH
    return (
        locale if _PRINTABLE.fullmatch(_left_to_right(format_decimal(Decimal("-12345.6"), locale=locale))) else _ENGLISH
    )


@contextmanager
def _all_digits(value: Decimal) -> Iterator[None]:
    # Babel computes in the context at hand, whose 28 digits would round a longer number in silence;
    # it also adds the decimals that a pattern asks for.
    with localcontext(prec=28 + len(f"{value:f}")):
        yield


def _left_to_right(text: str) -> str:
    """`text` for an English page: without marks of direction, which would put the minus behind; with a true minus.

    A screen reader passes over a hyphen, and in tabular figures it drifts from its number.
    """
    return _MARKS_OF_DIRECTION.sub("", text).replace("-", "\N{MINUS SIGN}")


def _is_day(iso: str) -> bool:
    return len(iso) == len("2026-01-31")


def _day_before(iso: str) -> str:
    return (date.fromisoformat(iso) - timedelta(days=1)).isoformat()


def _english(locale: str | None) -> Locale:
    reader = locale_named(locale)
    return reader if reader.language == "en" else Locale("en", "GB")
