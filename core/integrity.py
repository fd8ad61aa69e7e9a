"""Questions that the stored data must answer well, and what was found where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec


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


def outcome(counted: int, unit: str, findings: Iterable[Finding] = ()) -> Outcome:
    return Outcome(counted=counted, unit=unit, findings=tuple(findings))
