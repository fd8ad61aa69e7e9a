"""When a transfer says it was recorded agrees with when it arrived, as far as seals tell.

No writer can say when a row arrives. So what arrived before a seal was not recorded after it was made, and what
arrived after it not before; but what a run posts is recorded as of its beginning, and two machines' clocks differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from core.db.asking import NAMED, count, faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from core.models import Seal
from ledger.models import Transfer

_LAST = 2**63 - 1

# ruff: noqa: S608 - the statement is made of constants
# Where there is no such seal its time is NULL, before and after which nothing is.
_MADE = "(SELECT made_at FROM core_seal WHERE tenant_id = %(tenant)s AND number = {})"
_EARLY = f"timestamp < {_MADE.format('{before}')} - INTERVAL '1' DAY"
_LATE = f"timestamp > {_MADE.format('{after}')} + INTERVAL '1' DAY"
_MISDATED = f"""
SELECT id, timestamp, {_EARLY} FROM ledger_transfer
WHERE tenant_id = %(tenant)s AND arrival > {{start}} AND arrival <= {{end}} AND ({_EARLY} OR {_LATE}) ORDER BY arrival
"""


def _recorded() -> Outcome:
    found = list(_misdated()) if holds(Seal) and holds(Transfer) else []
    return outcome(count(Transfer), "transfers", found[:NAMED])


def _misdated() -> Iterator[Finding]:
    """Of what arrived between two seals."""
    seals = list(Seal.objects.order_by("number").values_list("number", "cut"))
    for (before, start), (after, end) in pairwise([(0, 0), *seals, (0, _LAST)]):
        for transfer, timestamp, is_early in faults(_MISDATED.format(before=before, start=start, after=after, end=end)):
            came = f"came after seal {before}" if is_early else f"came before seal {after}"
            yield Finding(f"transfer {transfer}", f"it {came}, and says it was recorded at {timestamp:%Y-%m-%d %H:%M}")


CHECKS = (
    Check(
        name="ledger.recorded",
        rule=2,
        sentence="Transfers were recorded when they say: before the seals that hold them, after those that don't.",
        run=_recorded,
    ),
)
