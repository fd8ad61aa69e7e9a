"""What the fields of a party must look like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from babel import Locale, UnknownLocaleError
from stdnum import iban
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from core import currency
from core.errors import InvalidValue
from core.period import zone_named

#: What CLDR names beyond ISO 3166-1: reserved codes, unions, and codes for tests. XK it has for Kosovo, which has
#: no code of ISO's own.
_NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
_COUNTRIES = {code for code in map(str, Locale("en").territories) if code.isalpha() and len(code) == 2} - _NO_COUNTRIES
_ADDRESS_FIELDS = {"lines", "city", "postcode", "country"}
_SERIES = re.compile(r"[^{}]*\{number(:0?[0-9]{1,2}d?)?\}[^{}]*")


def text(value: object, *, field: str, longest: int, empty: bool = False) -> str:
    """A printable text of at most `longest` characters. Raises InvalidValue."""
    if not isinstance(value, str):
        raise InvalidValue(f"expected a text, not {type(value).__name__}", field=field)
    if not value.strip() and not empty:
        raise InvalidValue("must not be empty", field=field)
    if len(value) > longest:
        raise InvalidValue(f"has {len(value)} characters; at most {longest} fit", field=field)
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise InvalidValue("holds a control character", field=field)
    return value


def key(value: object, *, field: str = "key") -> str:
    return text(value, field=field, longest=120)


def currency_code(value: object, *, field: str = "currency") -> str:
    return currency.currency(text(value, field=field, longest=3), field=field).code


def time_zone(value: object, *, field: str = "time_zone") -> str:
    return zone_named(text(value, field=field, longest=60), field=field).key


def country(value: object, *, field: str = "country") -> str:
    code = text(value, field=field, longest=2)
    if code not in _COUNTRIES:
        raise InvalidValue(f"{code!r} is not an ISO 3166 country code such as DE", field=field)
    return code


def address(value: object, *, field: str = "address") -> dict[str, Any]:
    """lines (list of texts), city, postcode, country; all optional, nothing else."""
    if not isinstance(value, Mapping):
        raise InvalidValue("expected lines, city, postcode and country", field=field)
    if unknown := sorted(set(value) - _ADDRESS_FIELDS):
        raise InvalidValue(f"unknown key {unknown[0]!r}", field=field)
    lines = value.get("lines", [])
    if not isinstance(lines, Sequence) or isinstance(lines, str):
        raise InvalidValue("expected a list of lines", field=f"{field}.lines")
    read: dict[str, Any] = {
        "lines": [text(line, field=f"{field}.lines[{i}]", longest=300) for i, line in enumerate(lines)]
    }
    for name in ("city", "postcode"):
        read[name] = text(value.get(name, ""), field=f"{field}.{name}", longest=120, empty=True)
    read["country"] = country(value["country"], field=f"{field}.country") if value.get("country") else ""
    return read


def vat_id(value: object, *, field: str) -> str:
    """A VAT number; one of the EU's must have a right checksum."""
    number = text(value, field=field, longest=30)
    if number[:2] in _EU_PREFIXES:
        try:
            return str(vat.validate(number))
        except ValidationError as error:
            raise InvalidValue(f"{number!r} is not a valid EU VAT number", field=field) from error
    return number


def series(value: object, *, field: str = "series") -> str:
    """How invoice numbers are written: a text with {number} or {number:06} in it, once."""
    written = text(value, field=field, longest=60)
    if not _SERIES.fullmatch(written):
        raise InvalidValue('must hold {number} or {number:06} once, as in "INV-{number:06}"', field=field)
    return written


_EU_PREFIXES = {
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI"),
}


def locale(value: object, *, field: str = "locale") -> str:
    """A locale that dates and numbers can be written in, such as en or de_DE."""
    name = text(value, field=field, longest=20)
    try:
        Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise InvalidValue(f"{name!r} is not a known locale such as en or de_DE", field=field) from error
    return name


def bank(value: object, *, field: str = "bank") -> dict[str, str]:
    """name, iban, bic; the IBAN's checksum must be right."""
    if not isinstance(value, Mapping):
        raise InvalidValue("expected name, iban and bic", field=field)
    if unknown := sorted(set(value) - {"name", "iban", "bic"}):
        raise InvalidValue(f"unknown key {unknown[0]!r}", field=field)
    read = {name: text(value[name], field=f"{field}.{name}", longest=120) for name in value}
    if "iban" in read and not iban.is_valid(read["iban"]):
        raise InvalidValue(f"{read['iban']!r} is not a valid IBAN", field=f"{field}.iban")
    return read
