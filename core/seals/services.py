"""Making a seal: everything that was added since the last one, hashed into the chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import msgspec
from django.db import IntegrityError

from core import audit, clock, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.db import arrivals, holding, writers
from core.db.gate import GateBusy
from core.db.transaction import atomic
from core.errors import Refusal
from core.events import Event
from core.models import Seal, SealPart
from core.seals.form import NOTHING, Part, seal_digest
from core.seals.parts import parts_of
from core.seals.tables import sealed

#: Is told a table, how many are done, and of how many.
Progress = Callable[[str, int, int], None]
#: How long writers are kept waiting at each try; between tries they pass.
_WAITS = (100, 250, 500, 1_000, 2_000, 4_000)
_PAUSE_SECONDS = 0.5
#: Its audit record and its message: what every seal itself adds, for the next one to cover.
_OWN_ROWS = 2


class SealContested(Refusal):
    """Somebody else is sealing the same books."""

    code = "seal_contested"


class _Nothing(Exception):
    """Nothing was added since the last seal."""


def make(*, actor: Actor, even_if_empty: bool = False, progress: Progress = lambda *_: None) -> Seal | None:
    """The next seal of the tenant in scope; None where nothing was added since the last one, unless asked for.

    Raises GateBusy where a transaction that writes goes on for long, SealContested where somebody else is at it.
    Opens transactions of its own and must not be called in another one.
    """
    name = f"seal {tenant_id().hex}"
    if not holding.try_hold(name):
        raise SealContested("somebody else is sealing these books: try again")
    try:
        cut = _cut()
        with suppress(_Nothing), atomic(durable=True):
            return _make(cut, actor, even_if_empty=even_if_empty, progress=progress)
        return None
    finally:
        holding.let_go(name)


def _cut() -> int:
    """An arrival up to which no row will be committed any more."""
    for wait in _WAITS:
        with suppress(GateBusy), atomic(durable=True):
            writers.exclude(wait_milliseconds=wait)
            return arrivals.draw()
        time.sleep(_PAUSE_SECONDS)
    raise GateBusy("a transaction that writes is taking long; nothing was sealed")


def _make(cut: int, actor: Actor, *, even_if_empty: bool, progress: Progress) -> Seal:
    last = Seal.objects.order_by("number").last()
    before = last.cut if last else 0
    seal = Seal(number=last.number + 1 if last else 1, previous=last.digest if last else NOTHING, cut=cut)
    seal.made_at = clock.now()
    found = list(_kept(seal, before, progress))
    seal.rows = sum(part.rows for part in found)
    if seal.rows <= (_OWN_ROWS if last else 0) and not even_if_empty:
        raise _Nothing
    seal.digest = digest_of(seal, found)
    try:
        seal.save(force_insert=True)
    except IntegrityError as error:
        raise SealContested("somebody else has made this seal: try again") from error
    _tell(seal, actor)
    return seal


def digest_of(seal: Seal, parts: Iterable[Part]) -> str:
    """What the seal's digest must be, its parts being these."""
    return seal_digest(
        tenant=seal.tenant_id.hex,
        number=seal.number,
        previous=seal.previous,
        made_at=seal.made_at,
        cut=seal.cut,
        parts=parts,
    )


def _kept(seal: Seal, before: int, progress: Progress) -> Iterator[Part]:
    """The parts, each saved as soon as it is made; what is given back are their heads."""
    position = 0
    for done, (table, columns) in enumerate(sealed().items()):
        progress(table, done, len(sealed()))
        for part in parts_of(table, columns, after=before, through=seal.cut):
            position += 1
            SealPart.objects.create(seal=seal, position=position, **msgspec.structs.asdict(part))
            yield msgspec.structs.replace(part, leaves=b"")


def _tell(seal: Seal, actor: Actor) -> None:
    told = {"number": seal.number, "digest": seal.digest, "rows": seal.rows}
    audit.record(actor=actor, event=Event.SEAL_MADE, subject=seal, at=seal.made_at, after=told)
    outbox.publish(event=Event.SEAL_MADE, subject=seal, at=seal.made_at, payload=told)
