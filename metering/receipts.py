"""What became of each event of a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from core.errors import Refusal


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    BLOCKED = "blocked"


class Result(msgspec.Struct, frozen=True):
    """The outcome of one event, at `index` in its request; why, where it was not taken."""

    index: int
    source: str | None
    id: str | None
    outcome: Outcome
    code: str | None = None
    field: str | None = None
    detail: str | None = None

    @property
    def quarantined(self) -> bool:
        return self.outcome in (Outcome.REJECTED, Outcome.CONFLICT)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was taken in; the counts add up to the number of results."""

    batch: UUID
    number: int
    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    blocked: int
    results: Sequence[Result]


def counts(results: Sequence[Result]) -> dict[str, int]:
    """Outcome → how many, each outcome named."""
    found = Counter(result.outcome for result in results)
    return {outcome.value: found[outcome] for outcome in Outcome}


def rejected(index: int, refusal: Refusal, *, source: str | None, id: str | None) -> Result:
    return Result(index, source, id, Outcome.REJECTED, refusal.code, refusal.field, refusal.detail)
