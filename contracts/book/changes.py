"""What applying a book file did."""

from __future__ import annotations

import msgspec


class Change(msgspec.Struct, frozen=True):
    """What applying did, or would do, to one thing: created or changed, and which fields."""

    action: str
    kind: str
    key: str
    fields: tuple[str, ...] = ()
