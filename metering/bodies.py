"""A request's body, cut into the events that it holds, so that one unreadable event spoils no other."""

from __future__ import annotations

import re

import msgspec

from metering.jsontext import TooDeep, UnreadableJson

#: Deeper than this, a body isn't even searched for where its events end.
_HOPELESS_DEPTH = 10_000
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_array = msgspec.json.Decoder(list[msgspec.Raw])


def array_items(body: bytes) -> list[bytes]:
    """The text of each item of a JSON array; items may be unreadable. Raises UnreadableJson where it's no array."""
    try:
        return [bytes(item) for item in _array.decode(body)]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _split(body)


def _split(body: bytes) -> list[bytes]:
    """The same for an array that holds something unreadable: cut at the commas outside of strings and brackets."""
    text = body.strip(b" \t\r\n")
    if not text.startswith(b"["):
        raise UnreadableJson("expected a JSON array")
    items, depth, start = [], 0, 1
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == b'"':
            raise UnreadableJson(f"is not JSON: a string that begins at byte {token.start()} does not end")
        depth += (mark in b"[{") - (mark in b"]}")
        if depth > _HOPELESS_DEPTH:
            raise TooDeep("is nested too deep")
        if depth == 0 and token.end() < len(text):
            raise UnreadableJson(f"is not JSON: something follows the array at byte {token.end()}")
        if depth == 0 or (depth == 1 and mark == b","):
            items.append(text[start : token.start()].strip(b" \t\r\n"))
            start = token.end()
    if depth != 0:
        raise UnreadableJson("is not JSON: the array does not end")
    return items
