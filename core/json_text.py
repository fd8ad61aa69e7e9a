"""JSON for people and scripts, written piece by piece: what is long is never held whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from json import JSONEncoder
from typing import Any

_NESTED = (dict, list, tuple, Iterator)
_text = JSONEncoder(ensure_ascii=False).encode


def pieces(value: Any, *, indent: str = "") -> Iterator[str]:
    """The value with two spaces a level and its keys in order, as `json.dumps` writes it.

    An iterator inside is written as a list, each item made when its turn comes. Raises TypeError for a key that is no
    text.
    """
    if not isinstance(value, _NESTED):
        yield _text(value)
        return
    members: Iterable[tuple[str, Any]]
    if isinstance(value, dict):
        members, (opening, closing) = ((f"{_key(key)}: ", value[key]) for key in sorted(value)), "{}"
    else:
        members, (opening, closing) = (("", item) for item in value), "[]"
    inner, before = f"{indent}  ", opening
    for name, item in members:
        if isinstance(item, _NESTED):
            yield f"{before}\n{inner}{name}"
            yield from pieces(item, indent=inner)
        else:
            yield f"{before}\n{inner}{name}{_text(item)}"
        before = ","
    yield f"{opening}{closing}" if before == opening else f"\n{indent}{closing}"


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be text, not {key!r}")
    return _text(key)
