"""What a meter reads from one property of an event's data: a quantity, or the canonical text of a scalar."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.errors import Refusal
from core.money import AmountRefused, parse_pico

#: Characters of a text that a meter filters by, groups by or counts.
LONGEST_TEXT = 300
#: A number beyond 10 to this power is no dimension.
_LARGEST_EXPONENT = 200


class NotScalar(Refusal):
    """A meter filters by, groups by or counts this property, and it isn't a short text, number or boolean."""

    code = "not_a_scalar"


class MissingValue(Refusal):
    """A meter adds up or counts a property that the event doesn't have."""

    code = "missing_value"


def quantity(value: Any, *, field: str) -> int | None:
    """The pico-quantity of a JSON number, or of a string that holds a plain decimal; None where there is none.

    Raises AmountRefused for anything else, and for what has more than 12 decimals or is out of range.
    """
    if value is None:
        return None
    if isinstance(value, (bool, dict, list)):
        raise AmountRefused("expected a number, or a string that holds a plain decimal", field=field)
    return parse_pico(value, field=field)


def scalar_text(value: Any, *, field: str) -> str | None:
    """The canonical text of a scalar: strings as they are, numbers as plain decimals, true, false; None for null."""
    if value is None:
        return None
    if value.__class__ is str and len(value) <= LONGEST_TEXT:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise NotScalar("expected a string, a number or a boolean", field=field)
    text = value if isinstance(value, str) else _plain(value, field)
    if len(text) > LONGEST_TEXT:
        raise NotScalar(f"has {len(text)} characters; at most {LONGEST_TEXT} fit", field=field)
    return text


def _plain(value: int | Decimal, field: str) -> str:
    if isinstance(value, int):
        return str(value)
    if abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise NotScalar("the number is out of range", field=field)
    return f"{value:f}" if value else "0"
