"""What a book file may say, section by section: names, which are required, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from contracts.book import text
from contracts.book.text import Plain
from contracts.fields import FieldRefused, MissingField, UnknownField, UnquotedNumber
from core.errors import Refusal

Reader = Callable[[Any, str], Any]


class Book(msgspec.Struct, frozen=True):
    """The sections of a file, each entry a dict of read fields with `path` telling where it stood."""

    sections: dict[str, list[Entry]]
    refusals: list[Refusal]


class Entry(msgspec.Struct, frozen=True):
    """One entry of a section."""

    path: str
    fields: dict[str, Any]


def word(value: Any, path: str) -> str:
    """A text; a plain `NO` or `12` is one too."""
    if isinstance(value, dict | list) or text.is_null(value):
        raise FieldRefused("expected a text", field=path)
    return str(value)


def word_or_null(value: Any, path: str) -> str | None:
    return None if text.is_null(value) else word(value, path)


def whole(value: Any, path: str) -> int:
    """A plain whole number, such as terms_days: 30."""
    if not isinstance(value, Plain) or not value.isascii() or not value.isdigit() or len(value) > 9:
        raise FieldRefused("expected a whole number without quotes, such as 30", field=path)
    return int(value)


def flag(value: Any, path: str) -> bool:
    found = text.flag_of(value)
    if found is None:
        raise FieldRefused("expected true or false", field=path)
    return found


def day(value: Any, path: str) -> date:
    """A calendar day such as 2026-01-31."""
    try:
        found = date.fromisoformat(word(value, path))
    except ValueError as error:
        raise FieldRefused(f"{str(value)!a} is not a day such as 2026-01-31", field=path) from error
    if not 1970 <= found.year <= 2200 or found.isoformat() != value:
        raise FieldRefused(f"{str(value)!a} is not a day from 1970 to 2200 such as 2026-01-31", field=path)
    return found


def words(value: Any, path: str) -> list[str]:
    if not isinstance(value, list):
        raise FieldRefused("expected a list", field=path)
    return [word(item, f"{path}[{i}]") for i, item in enumerate(value)]


def anything(value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise FieldRefused("expected a mapping", field=path)
    return text.natural(value)


def lists_of_words(value: Any, path: str) -> dict[str, list[str]]:
    if not isinstance(value, dict):
        raise FieldRefused("expected a mapping of property to a list of values", field=path)
    return {name: words(several, f"{path}.{name}") for name, several in value.items()}


def quoted_numbers(value: Any, path: str) -> dict[str, str]:
    """Decimals by name, each quoted."""
    if not isinstance(value, dict):
        raise FieldRefused("expected a mapping of name to quoted number", field=path)
    return {name: _quoted(one, f"{path}.{name}") for name, one in value.items()}


def figures(value: Any, path: str) -> Any:
    """A price's own figures: quoted decimals stay texts; anything plain is told apart for the price's reader."""
    if isinstance(value, dict):
        return {name: figures(inner, f"{path}.{name}") for name, inner in value.items()}
    if isinstance(value, list):
        return [figures(inner, f"{path}[{i}]") for i, inner in enumerate(value)]
    if isinstance(value, Plain):
        if value.is_number:
            raise UnquotedNumber(f'quote it: "{value}"', field=path)
        return text.natural(value)
    return value


def price(value: Any, path: str) -> dict[str, Any]:
    """A price: what all share is read here, the model's own figures by the model."""
    if not isinstance(value, dict):
        raise FieldRefused("expected a mapping of fields", field=path)
    shared = {**_PRICE[0], **_PRICE[1]}
    own = {name: figures(one, f"{path}.{name}") for name, one in value.items() if name not in shared}
    return {**read({name: one for name, one in value.items() if name in shared}, *_PRICE, path=path), **own}


def prices(value: Any, path: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise FieldRefused("expected a list of prices", field=path)
    return [price(one, f"{path}[{i}]") for i, one in enumerate(value)]


def read(value: Any, required: Mapping[str, Reader], optional: Mapping[str, Reader], *, path: str) -> dict[str, Any]:
    """The fields that are there, read. Raises a FieldRefused by path for an unknown, missing or unreadable one."""
    if not isinstance(value, dict):
        raise FieldRefused("expected a mapping of fields", field=path)
    readers = {**required, **optional}
    for name in value:
        if name not in readers:
            raise UnknownField(f"is not one of {', '.join(readers)}", field=f"{path}.{name}")
    for name in required:
        if name not in value:
            raise MissingField("is required", field=f"{path}.{name}")
    return {name: readers[name](one, f"{path}.{name}") for name, one in value.items()}


def read_book(value: Any) -> Book:
    """Every section of a file; all that is wrong with its entries is told at once."""
    if not isinstance(value, dict):
        raise FieldRefused("expected sections such as tenant, customers, plans", field="book")
    for name in value:
        if name not in SECTIONS:
            raise UnknownField(f"is not one of {', '.join(SECTIONS)}", field=name)
    if "tenant" not in value:
        raise MissingField("is required", field="tenant")
    sections: dict[str, list[Entry]] = {name: [] for name in SECTIONS}
    refusals: list[Refusal] = []
    for name, content in value.items():
        for path, raw in _entries(name, content):
            try:
                sections[name].append(Entry(path, read(raw, *SECTIONS[name], path=path)))
            except Refusal as refusal:
                refusals.append(refusal)
    return Book(sections, refusals + _twice(sections))


def _twice(sections: Mapping[str, list[Entry]]) -> list[Refusal]:
    """Entries of one section that share a key: which of them is meant?"""
    refusals: list[Refusal] = []
    for name, entries in sections.items():
        seen: dict[str, str] = {}
        for entry in entries:
            key = entry.fields["key"]
            if (first := seen.setdefault(key, entry.path)) != entry.path:
                refusals.append(text.DuplicateKey(f"{key!r} in {name} is {first} already", field=f"{entry.path}.key"))
    return refusals


def _entries(name: str, content: Any) -> list[tuple[str, Any]]:
    if name in ("tenant", "seller"):
        return [(name, content)]
    if text.is_null(content):
        return []
    if not isinstance(content, list):
        raise FieldRefused("expected a list", field=name)
    return [(f"{name}[{i}]", one) for i, one in enumerate(content)]


def _quoted(value: Any, path: str) -> str:
    if isinstance(value, Plain):
        raise UnquotedNumber(f'quote it: "{value}"', field=path)
    if not isinstance(value, str):
        raise FieldRefused("expected a quoted decimal", field=path)
    return value


_COMMON: dict[str, Reader] = {"metadata": anything}
_PRICE: tuple[dict[str, Reader], dict[str, Reader]] = (
    {"key": word, "product": word, "model": word},
    {
        **_COMMON,
        "name": word,
        "meter": word_or_null,
        "unit": word,
        "quantity": word_or_null,
        "timing": word,
        "proration": word,
    },
)
#: Section → required and optional fields.
SECTIONS: dict[str, tuple[dict[str, Reader], dict[str, Reader]]] = {
    "tenant": ({"key": word, "name": word, "kind": word}, {**_COMMON, "clock": day, "time_zone": word}),
    "seller": (
        {"key": word, "name": word, "country": word},
        {
            **_COMMON,
            "vat_id": word_or_null,
            "rounding": word,
            "series": word,
            "address": anything,
            "email": word,
            "bank": anything,
        },
    ),
    "customers": (
        {"key": word, "name": word, "currency": word},
        {
            **_COMMON,
            "kind": word,
            "time_zone": word,
            "locale": word,
            "terms_days": whole,
            "subjects": words,
            "parent": word_or_null,
            "bill_to": word_or_null,
            "consolidate": flag,
            "address": anything,
            "tax_ids": words,
            "email": word,
        },
    ),
    "meters": (
        {"key": word, "event_type": word, "aggregation": word},
        {**_COMMON, "name": word, "unit": word, "property": word, "filter": lists_of_words, "group_by": words},
    ),
    "products": ({"key": word, "name": word}, {**_COMMON, "tags": words}),
    "plans": (
        {"key": word, "currency": word, "interval": word, "prices": prices},
        {**_COMMON, "name": word, "every": whole},
    ),
    "subscriptions": (
        {"key": word, "customer": word, "plan": word, "start": day},
        {**_COMMON, "anchor": day, "quantities": quoted_numbers, "subjects": words},
    ),
    "amendments": (
        {"key": word, "subscription": word, "effective": day, "reason": word},
        {**_COMMON, "quantities": quoted_numbers, "plan": word, "end": flag},
    ),
}
