"""How the ledger's commands read instants and print amounts."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime, time

from core import currency
from core.money import format_pico


def instant(text: str) -> datetime:
    """An instant with its offset, or a date: the start of that day in UTC. Raises ArgumentTypeError."""
    try:
        read = datetime.fromisoformat(text)
        if read.utcoffset() is not None:
            return read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!a} is not an instant such as 2026-03-31T23:59:59Z") from None
    if read.time() == time() and len(text) <= len("2026-03-31"):
        return read.replace(tzinfo=UTC)
    raise ArgumentTypeError(f"{text!a} has no offset: write Z for UTC")


def told(instant: datetime) -> str:
    """An instant as text."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def amount(pico: int, currency_code: str) -> str:
    """A decimal with the currency's decimals at least; a ledger without a currency has none."""
    return format_pico(pico, places=currency.currency(currency_code).digits if currency_code else 0)
