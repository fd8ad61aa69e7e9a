"""Values on the command line, read with clear errors; argparse tells them as wrong usage."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, date, datetime

from core.errors import Refusal
from core.money import parse_pico


def day(text: str) -> date:
    """A calendar day such as 2026-02-01."""
    try:
        found = date.fromisoformat(text)
        if found.isoformat() != text:  # a week date such as 2026-W05-1, or one without dashes
            raise ValueError
    except ValueError:
        raise ArgumentTypeError(f"{text!a} is not a day such as 2026-02-01") from None
    if not 1970 <= found.year <= 2200:
        raise ArgumentTypeError(f"{text!a} is not between 1970 and 2200")
    return found


def day_or_instant(text: str) -> date | datetime:
    """A day, or an instant with its offset such as 2026-02-01T12:00:00Z."""
    if len(text) <= len("2026-02-01"):
        return day(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!a} is neither a day nor an instant such as 2026-02-01T12:00:00Z") from None
    if found.tzinfo is None:
        raise ArgumentTypeError(f"{text!a} has no offset: end it with Z or +01:00")
    if not 1970 <= found.year <= 2200:
        raise ArgumentTypeError(f"{text!a} is not between 1970 and 2200")
    return found.astimezone(UTC)


def amount(text: str) -> int:
    """An amount of money as a plain decimal; pico-units."""
    try:
        return parse_pico(text)
    except Refusal as refusal:
        raise ArgumentTypeError(refusal.detail) from None


def quantity(text: str) -> tuple[str, int]:
    """name=value, the value being a plain decimal that is not negative; (name, pico-quantity)."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ArgumentTypeError(f"{text!a} is not name=value")
    try:
        pico = parse_pico(value)
    except Refusal as refusal:
        raise ArgumentTypeError(f"{name}: {refusal.detail}") from None
    if pico < 0:
        raise ArgumentTypeError(f"{name}: must not be negative")
    return name, pico


def count(text: str) -> int:
    """How many: a whole number from 1 to a million."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 7 and 1 <= int(text) <= 1_000_000):
        raise ArgumentTypeError(f"{text!a} is not a whole number from 1 to 1000000")
    return int(text)
