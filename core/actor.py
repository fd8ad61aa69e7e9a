"""Who does something."""

from __future__ import annotations

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """`kind` is system, command, operator or api_key; `name` tells which one."""

    kind: str
    name: str


SYSTEM = Actor(kind="system", name="daybook")
