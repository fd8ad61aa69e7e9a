"""The heads of a tenant's seals, as they are shown and kept elsewhere, and what a kept copy tells of the chain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.access.scope import tenant_id
from core.errors import InvalidValue
from core.integrity import Finding
from core.models import Seal, Tenant


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A seal in few words: its digest stands for all that came before it."""

    number: int
    made_at: datetime
    rows: int
    digest: str


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The heads of a tenant's seals; what `bin/manage seals --json` writes, and `verify --seals` reads."""

    tenant: str
    seals: tuple[Head, ...]


def heads() -> tuple[Head, ...]:
    """Of the tenant in scope, in order."""
    rows = Seal.objects.order_by("number").values_list("number", "made_at", "rows", "digest")
    return tuple(Head(number, made_at.astimezone(UTC), covered, digest) for number, made_at, covered, digest in rows)


def copy() -> dict[str, Any]:
    """The chain of the tenant in scope, to be kept where nobody who can write to the database can write."""
    made: dict[str, Any] = msgspec.to_builtins(Copy(Tenant.objects.get(pk=tenant_id()).key, heads()))
    return made


def read_copy(content: bytes) -> Copy:
    """The copy as it was written. Raises InvalidValue for anything else."""
    try:
        return msgspec.json.decode(content, type=Copy)
    except msgspec.DecodeError as error:
        raise InvalidValue(f"is not a copy of seals: {error}") from None


def disagreements(kept: Copy) -> Iterator[Finding]:
    """Where the chain of the tenant in scope no longer is as the copy says; later seals are no disagreement."""
    present = {head.number: head for head in heads()}
    for head in kept.seals:
        found = present.get(head.number)
        if found is None:
            yield Finding(f"seal {head.number}", _gone(head.number, last=max(present, default=0)))
        elif found != head:
            differing = [name for name in head.__struct_fields__ if getattr(found, name) != getattr(head, name)]
            told = ", ".join(
                f"{name} {getattr(found, name)}, and the copy has {getattr(head, name)}" for name in differing
            )
            yield Finding(f"seal {head.number}", f"was rewritten: it has {told}")


def _gone(number: int, *, last: int) -> str:
    if number < last:
        return "is missing from the chain"
    return f"is gone: the chain was shortened, and ends with seal {last}" if last else "is gone: there is no seal left"
