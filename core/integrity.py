"""Questions that the stored data must answer well, and what was found where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar

import msgspec

#: Is told how far a long check has come: what it looks at, how much is done, and of how much.
advancing: ContextVar[Callable[[str, int, int], None]] = ContextVar("advancing", default=lambda *_: None)


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it must be: which record, and what is wrong with it."""

    subject: str
    detail: str


class Outcome(msgspec.Struct, frozen=True):
    """How many things were looked at (`counted` of `unit`), and what was found."""

    counted: int
    unit: str
    findings: tuple[Finding, ...] = ()


class Check(msgspec.Struct, frozen=True):
    """One question about the tenant in scope; `rule` is its number in the list of what is always true."""

    name: str
    rule: int
    sentence: str
    run: Callable[[], Outcome]


def advance(what: str, done: int, total: int) -> None:
    """Tells whoever waits for a long check how far it has come."""
    advancing.get()(what, done, total)


def outcome(counted: int, unit: str, findings: Iterable[Finding] = ()) -> Outcome:
    return Outcome(counted=counted, unit=unit, findings=tuple(findings))
