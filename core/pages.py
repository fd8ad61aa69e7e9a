"""Cursor pages: a bounded part of a list, and where the next part begins."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from core.errors import InvalidValue

LARGEST = 100
DEFAULT = 50
#: The query parameters of every list.
PARAMETERS = frozenset({"limit", "cursor"})

_COUNT = re.compile(r"[0-9]{1,4}", re.ASCII)
_LONGEST = 2_000
T = TypeVar("T")


def limit(parameters: Mapping[str, str]) -> int:
    """How many entries are asked for. Raises InvalidValue beyond 1 to LARGEST."""
    text = parameters.get("limit", str(DEFAULT))
    if not _COUNT.fullmatch(text) or not 1 <= int(text) <= LARGEST:
        raise InvalidValue(f"expected a whole number from 1 to {LARGEST}", field="limit")
    return int(text)


def after(parameters: Mapping[str, str], kind: type[T]) -> T | None:
    """The place that the cursor marks, as a value of `kind`; None for the first page. Raises InvalidValue."""
    text = parameters.get("cursor")
    return read(text, kind) if text else None


def read(text: str, kind: type[T]) -> T:
    """The place that a cursor marks. Raises InvalidValue."""
    try:
        packed = urlsafe_b64decode(text[:_LONGEST].encode("ascii") + b"==")
        return msgspec.json.decode(packed, type=kind)
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidValue("is not a cursor that this list gave", field="cursor") from error


def cursor(place: Any) -> str:
    """The text that `read` reads back."""
    return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode("ascii")


def page(items: list[Any], *, following: Any) -> dict[str, Any]:
    """The answer of a list: its entries, and the cursor of the next page or null."""
    return {"items": items, "next": None if following is None else cursor(following)}
