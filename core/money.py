"""Amounts as integers of pico-units; rounding by name, and splitting that loses nothing.

A pico-unit is 10⁻¹² of the currency's major unit: $9.99 is 9_990_000_000_000.
Quantities use the same form (pico-quantities). Prices per unit are exact fractions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from core.errors import InvalidValue

PLACES = 12
PICO = 10**PLACES
#: The largest amount: a signed 128-bit integer of pico-units.
LARGEST = 2**127 - 1
#: The largest whole amount, in units.
_LARGEST_WHOLE = LARGEST // PICO

_PLAIN = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?", re.ASCII)
_NOT_NUMBERS = re.compile(r"[+-]?(s?nan[0-9]*|inf(inity)?)", re.ASCII | re.IGNORECASE)
#: No honest number is longer; longer text is refused before any arithmetic.
_LONGEST_TEXT = 400


class AmountRefused(InvalidValue):
    """Text that isn't an amount or quantity we can hold exactly."""

    code = "invalid_amount"


class Rounding(StrEnum):
    HALF_EVEN = "half_even"
    #: Half away from zero.
    HALF_UP = "half_up"


def parse_pico(text: str | int | Decimal, *, field: str | None = None) -> int:
    """The pico-units of a plain decimal such as "-12.5".

    Raises AmountRefused for NaN, infinity, exponents, negative zero, more than 12 decimals,
    and anything beyond a signed 128-bit integer of pico-units.
    """
    pico: int
    if text.__class__ is int and -_LARGEST_WHOLE <= text <= _LARGEST_WHOLE:
        pico = text * PICO
        return pico
    sign, whole, part = _read(text, field)
    if len(part) > PLACES and part[PLACES:].strip("0"):
        raise AmountRefused(f"{_short(text)} has more than {PLACES} decimals", field=field)
    pico = sign * (int(whole) * PICO + int(part[:PLACES].ljust(PLACES, "0")))
    if not -LARGEST - 1 <= pico <= LARGEST:
        raise AmountRefused(f"{_short(text)} is out of range", field=field)
    return pico


def parse_exact(text: str | int | Decimal, *, field: str | None = None) -> Fraction:
    """The exact value of a plain decimal with any number of decimals: a unit price, a rate."""
    sign, whole, part = _read(text, field)
    exact = sign * Fraction(int(whole + part), 10 ** len(part))
    if not -LARGEST - 1 <= exact * PICO <= LARGEST:
        raise AmountRefused(f"{_short(text)} is out of range", field=field)
    return exact


def check_range(pico: int, *, field: str | None = None) -> int:
    """`pico` itself, or AmountRefused where it does not fit a signed 128-bit integer."""
    if not -LARGEST - 1 <= pico <= LARGEST:
        raise AmountRefused("the amount is out of range", field=field)
    return pico


def format_pico(pico: int, *, places: int = 0) -> str:
    """A plain decimal without needless zeros, but at least `places` decimals: 9_990_000_000_000 → "9.99"."""
    whole, part = divmod(abs(pico), PICO)
    digits = f"{part:0{PLACES}d}".rstrip("0").ljust(places, "0")
    return ("-" if pico < 0 else "") + (f"{whole}.{digits}" if digits else str(whole))


def format_exact(value: Fraction) -> str:
    """A plain decimal of a fraction whose denominator divides a power of ten; else 12 decimals, half-even."""
    denominator, shift = value.denominator, 0
    while denominator % 10 == 0:
        denominator //= 10
        shift += 1
    for factor in (2, 5):
        while denominator % factor == 0:
            denominator //= factor
            shift += 1
    if denominator != 1:
        return format_pico(to_pico(value))
    sign, digits = ("-" if value < 0 else ""), str(abs(value.numerator) * 10**shift // value.denominator)
    digits = digits.rjust(shift + 1, "0")
    whole, part = (digits[:-shift], digits[-shift:].rstrip("0")) if shift else (digits, "")
    return sign + (f"{whole}.{part}" if part else whole)


def round_half(value: Fraction, rounding: Rounding = Rounding.HALF_EVEN) -> int:
    """The nearest integer; a tie goes to the even one, or away from zero."""
    if rounding is Rounding.HALF_EVEN:
        return round(value)
    doubled = abs(value) * 2 + 1
    nearest = doubled.numerator // (doubled.denominator * 2)
    return -nearest if value < 0 else nearest


def to_pico(value: Fraction) -> int:
    """A cumulative exact amount set to a pico, half-even (billing rules §2.4)."""
    return check_range(round(value * PICO))


def from_pico(pico: int) -> Fraction:
    return Fraction(pico, PICO)


def round_to_minor(pico: int, *, digits: int, rounding: Rounding) -> int:
    """`pico` set to the currency's minor unit (`digits` decimals), still in pico-units."""
    step: int = 10 ** (PLACES - digits)
    return round_half(Fraction(pico, step), rounding) * step


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Parts of `amount` in proportion to `weights`, by largest remainder; they add up to it exactly.

    Raises ValueError where the weights are negative or all zero.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be zero or more, and not all zero")
    sign = -1 if amount < 0 else 1
    shares = [divmod(abs(amount) * weight, total) for weight in weights]
    parts = [whole for whole, _ in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-shares[i][1], i))
    for i in by_remainder[: abs(amount) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def _read(text: str | int | Decimal, field: str | None) -> tuple[int, str, str]:
    if isinstance(text, bool) or not isinstance(text, str | int | Decimal):
        raise AmountRefused(f"expected a decimal, not {type(text).__name__}", field=field)
    if isinstance(text, Decimal):
        text = _plain(text, field)
    plain = str(text) if not isinstance(text, int) else _of_int(text, field)
    match = _PLAIN.fullmatch(plain) if len(plain) <= _LONGEST_TEXT else None
    if match is None:
        raise AmountRefused(f"{_short(plain)} is {_fault(plain)}", field=field)
    sign, whole, part = match.groups(default="")
    if sign == "-" and not (whole + part).strip("0"):
        raise AmountRefused("negative zero is not an amount", field=field)
    return (-1 if sign == "-" else 1), whole, part


def _plain(value: Decimal, field: str | None) -> str:
    # adjusted() first: the text of Decimal("1E+400000000") would be 400 MB.
    if not value.is_finite():
        raise AmountRefused(f"{value} is not a number", field=field)
    if abs(value.adjusted()) > _LONGEST_TEXT // 2:
        raise AmountRefused("the number is out of range", field=field)
    return f"{value:f}"


def _of_int(value: int, field: str | None) -> str:
    if abs(value) > LARGEST:
        raise AmountRefused("the number is out of range", field=field)
    return str(value)


def _fault(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        return "too long"
    if _NOT_NUMBERS.fullmatch(text):
        return "not a number"
    return "not a plain decimal such as 12.50"


def _short(text: object) -> str:
    shown = ascii(str(text) if not isinstance(text, Decimal) else f"{text:e}")
    return shown if len(shown) <= 60 else shown[:57] + "…'"
