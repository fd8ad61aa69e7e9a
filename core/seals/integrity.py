"""Whether everything that was sealed is as it was, and the chain of seals is whole (rule 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice, zip_longest

from django.db.models import Sum

from core import integrity
from core.db import sequence
from core.db.asking import NAMED, faults, holds
from core.db.writers import SEQUENCE
from core.integrity import Check, Finding, Outcome, outcome
from core.models import AuditRecord, Seal, SealPart
from core.seals.form import NOTHING, Leaf, Part, leaves_of, named
from core.seals.parts import part_again
from core.seals.services import digest_of
from core.seals.tables import sealed


def _seals() -> Outcome:
    rows = (Seal.objects.aggregate(total=Sum("rows"))["total"] or 0) if holds(Seal) else 0
    walked = _Walk(rows).findings() if holds(Seal) else ()
    return outcome(rows, "sealed rows", islice(chain(walked, _out_of_reach(), _vanished()), NAMED))


def _vanished() -> Iterator[Finding]:
    """The last seal leaves no gap in the chain; the audit trail remembers it."""
    recorded = AuditRecord.objects.filter(subject_type="seal").order_by("id").values_list("subject_id", "after")
    kept = {str(one) for one in Seal.objects.values_list("id", flat=True)} if holds(Seal) else set()
    for identity, told in recorded:
        if identity not in kept:
            yield Finding(
                f"seal {(told or {}).get('number', identity)}", "was recorded in the audit trail, and is gone"
            )


def _out_of_reach() -> Iterator[Finding]:
    """Rows that say they arrived before the first one, or later than now: no seal would ever come to them."""
    for table in _holding_such([table for table in sealed() if holds(table)]):
        key = sealed()[table][0][0]
        for (identity,) in faults(f"SELECT {key} {_beyond(table)} ORDER BY arrival, {key}"):
            yield Finding(f"{table} {identity}", "was added where no seal looks")


def _holding_such(tables: list[str]) -> list[str]:
    """Asked of all at once: nearly always it is none."""
    if not tables:
        return []
    asked = (f"SELECT DISTINCT {number} AS which {_beyond(table)}" for number, table in enumerate(tables))
    return [tables[number] for (number,) in faults(f"{' UNION ALL '.join(asked)} ORDER BY which")]


def _beyond(table: str) -> str:
    # The sequence is asked after the rows were chosen: none of them can have been numbered since.
    last = sequence.last_drawn(SEQUENCE)
    later = f" OR arrival > {last}" if last else ""
    return f"FROM {table} WHERE tenant_id = %(tenant)s AND (arrival < 1{later})"


class _Walk:
    """Goes through the chain from its first seal, and through the rows that each covers."""

    def __init__(self, rows: int) -> None:
        self.rows, self.done = rows, 0
        #: By table: the arrival up to which every row was looked at.
        self.seen: dict[str, int] = {}

    def findings(self) -> Iterator[Finding]:
        number, digest, cut = 0, NOTHING, 0
        for seal in Seal.objects.order_by("number").iterator():
            parts = list(SealPart.objects.filter(seal=seal).defer("leaves").order_by("position"))
            broken = list(_broken(seal, parts, number, digest))
            yield from broken
            for part in parts:
                yield from () if broken else self._between(part.table, part.after)
                yield from self._part(seal, part)
                self.seen[part.table] = part.through
            if broken:
                # Nobody tells any more what lay beside its parts: there only the next seals can be asked.
                self.seen = dict.fromkeys(sealed(), seal.cut)
            number, digest, cut = seal.number, seal.digest, seal.cut
        for table in sealed():
            yield from self._between(table, cut)

    def _between(self, table: str, through: int) -> Iterator[Finding]:
        """Rows in a stretch that seals passed without finding any."""
        after = self.seen.get(table, 0)
        if after < through and table in sealed():
            strangers = part_again(table, sealed()[table][:1], after=after, through=through)
            for leaf in (leaves_of(strangers) or [])[:1]:
                yield Finding(f"{table} {named(leaf.identity)}", "was added behind a seal")

    def _part(self, seal: Seal, stored: SealPart) -> Iterator[Finding]:
        integrity.advance(stored.table, self.done, self.rows)
        part = _read(stored)
        now = part_again(part.table, part.columns, after=part.after, through=part.through)
        self.done += part.rows
        if now != part:
            yield _difference(seal, part, now)


def _broken(seal: Seal, parts: Iterable[SealPart], number: int, digest: str) -> Iterator[Finding]:
    """What is wrong with the link itself, after a seal of that number and digest."""
    missing = range(number + 1, seal.number)
    if missing:
        which = f"seal {missing[0]}" if len(missing) == 1 else f"seals {missing[0]} to {missing[-1]}"
        yield Finding(which, "is missing from the chain" if len(missing) == 1 else "are missing from the chain")
    elif seal.previous != digest:
        yield Finding(str(seal), "does not follow from the seal before it")
    heads = [_read(part, leaves=b"") for part in parts]
    if digest_of(seal, heads) != seal.digest or sum(part.rows for part in heads) != seal.rows:
        yield Finding(str(seal), "was rewritten: it does not have the digest that it states")


def _read(stored: SealPart, *, leaves: bytes | None = None) -> Part:
    return Part(
        table=stored.table,
        columns=tuple((name, kind) for name, kind in stored.columns),
        after=stored.after,
        through=stored.through,
        rows=stored.rows,
        digest=stored.digest,
        leaves=bytes(stored.leaves) if leaves is None else leaves,
    )


def _difference(seal: Seal, was: Part, now: Part) -> Finding:
    """The first row in which the two differ, by name."""
    before, after = leaves_of(was), leaves_of(now)
    for old, new in zip_longest(before or [], after or []) if before is not None else ():
        if old != new:
            leaf, what = _happened(old, new, before or [], after or [])
            return Finding(f"{was.table} {named(leaf.identity)}", what.format(seal=seal))
    return Finding(str(seal), f"what it states of {was.table} is not what its rows give")


def _happened(old: Leaf | None, new: Leaf | None, before: Iterable[Leaf], after: Iterable[Leaf]) -> tuple[Leaf, str]:
    if old and new and old.identity == new.identity:
        return new, "was changed since {seal}"
    if old and old.identity not in {leaf.identity for leaf in after}:
        return old, "was removed since {seal}"
    assert new is not None
    if new.identity not in {leaf.identity for leaf in before}:
        return new, "was added behind {seal}"
    return new, "arrives in another place than when {seal} was made"


CHECKS: tuple[Check, ...] = (
    Check("core.seals", 2, "What was sealed is as it was, and the chain of seals is whole.", _seals),
)
