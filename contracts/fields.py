"""Fields as a book file writes them: known names, quoted decimals, refused by their path.

Amounts and quantities become integers of pico-units; prices per unit exact fractions (`core.money`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.errors import InvalidValue
from core.money import parse_exact, parse_pico

#: How each field is read, from its value and its path.
Readers = Mapping[str, Callable[[object, str], object]]


class FieldRefused(InvalidValue):
    """A field that doesn't say what it should."""

    code = "invalid_field"


class UnknownField(FieldRefused):
    code = "unknown_field"


class MissingField(FieldRefused):
    code = "missing_field"


class UnquotedNumber(FieldRefused):
    """A number that a YAML or JSON reader has already taken for binary floating point."""

    code = "unquoted_number"


class NegativeValue(FieldRefused):
    """Less than zero: what lowers a bill is a discount or a credit, never a price."""

    code = "negative_value"


def read_fields(fields: object, required: Readers, optional: Readers, *, path: str) -> dict[str, Any]:
    """The value of every field that is there, read; what is optional may be left out.

    Raises FieldRefused, or what a reader raises, with the path of the field at fault.
    """
    if not isinstance(fields, Mapping):
        raise FieldRefused("expected a mapping of fields", field=path)
    readers = {**required, **optional}
    for name in fields:
        if name not in readers:
            raise UnknownField(f"is not one of {', '.join(readers)}", field=f"{path}.{name}")
    for name in required:
        if name not in fields:
            raise MissingField("is required", field=f"{path}.{name}")
    return {name: readers[name](value, f"{path}.{name}") for name, value in fields.items()}


def pico(value: object, path: str) -> int:
    """An amount or a quantity of zero or more, in pico-units."""
    amount = parse_pico(_quoted(value, path), field=path)
    if amount < 0:
        raise NegativeValue("must not be negative", field=path)
    return amount


def size(value: object, path: str) -> int:
    """A quantity above zero, in pico-units."""
    quantity = pico(value, path)
    if quantity == 0:
        raise FieldRefused("must be more than zero", field=path)
    return quantity


def bound(value: object, path: str) -> int | None:
    """A size, or None for no end."""
    return None if value is None else size(value, path)


def unit_amount(value: object, path: str) -> Fraction:
    """An exact price of zero or more, with any number of decimals."""
    exact = parse_exact(_quoted(value, path), field=path)
    if exact < 0:
        raise NegativeValue("must not be negative", field=path)
    return exact


def flag(value: object, path: str) -> bool:
    """True or false, and no word or number that looks like one."""
    if not isinstance(value, bool):
        raise FieldRefused("expected true or false", field=path)
    return value


def _quoted(value: object, path: str) -> str:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        raise UnquotedNumber(f'quote it: "{value}"', field=path)
    if not isinstance(value, str):
        raise FieldRefused("expected a quoted decimal", field=path)
    return value
