"""A line shows what rounding its key so far adds to what earlier documents showed (billing rules §6.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from uuid import UUID

import msgspec

from billing.models import ChargeKeyRow, Claim, InvoiceLine
from core.currency import currency
from core.db.asking import NAMED, count, holds
from core.integrity import Check, Finding, Outcome, outcome
from core.money import Rounding, format_pico, parse_pico, round_to_minor

_CHUNK = 1000


class Claimed(msgspec.Struct, frozen=True):
    """A charge on a document. Ids of claims are in time order."""

    id: UUID
    invoice_id: UUID
    amount: int
    is_reversal: bool


class Shown(msgspec.Struct, frozen=True):
    """A line with its claims: when it was made, and when its document was voided, if it was."""

    amount: int
    at: UUID
    voided: UUID | None

    def stood(self, at: UUID) -> bool:
        """Whether it was shown before then and not taken back by then."""
        return self.at < at and (self.voided is None or self.voided > at)


def _lines() -> Outcome:
    return outcome(count(InvoiceLine), "lines", islice(_wrong_lines(), NAMED) if holds(ChargeKeyRow) else ())


def _wrong_lines() -> Iterator[Finding]:
    rows = ChargeKeyRow.objects.order_by("id").values_list("id", flat=True)
    chunk = list(rows[:_CHUNK])
    while chunk:
        claims, lines = _claims(chunk), _lines_of(chunk)
        for key in chunk:
            yield from _of_key(key, lines[key], claims[key])
        chunk = list(rows.filter(pk__gt=chunk[-1])[:_CHUNK])


def _claims(keys: Sequence[UUID]) -> dict[UUID, list[Claimed]]:
    found: dict[UUID, list[Claimed]] = defaultdict(list)
    rows = Claim.objects.filter(charge__key__in=keys).order_by("id")
    values = rows.values_list("id", "invoice_id", "charge__amount", "charge__reverses_id", "charge__key_id")
    for identity, invoice_id, amount, reverses, key in values:
        found[key].append(Claimed(identity, invoice_id, amount, reverses is not None))
    return found


def _lines_of(keys: Sequence[UUID]) -> dict[UUID, list[InvoiceLine]]:
    found: dict[UUID, list[InvoiceLine]] = defaultdict(list)
    for line in InvoiceLine.objects.filter(key__in=keys).select_related("invoice").order_by("id"):
        found[line.key_id].append(line)
    return found


def _of_key(key: UUID, lines: Sequence[InvoiceLine], claims: Sequence[Claimed]) -> Iterator[Finding]:
    by_invoice: dict[UUID, list[Claimed]] = defaultdict(list)
    for claim in claims:
        by_invoice[claim.invoice_id].append(claim)
    if set(by_invoice) != {line.invoice_id for line in lines}:
        yield Finding(f"charge key {key}", "the documents that claim its charges are not those with a line of it")
        return
    shown = {line.id: _shown(line, by_invoice[line.invoice_id]) for line in lines}
    for line in lines:
        own = [claim.amount for claim in by_invoice[line.invoice_id] if not claim.is_reversal]
        if wrong := _wrong(line, sum(own), shown[line.id], list(shown.values()), claims):
            yield Finding(f"invoice {line.invoice} line {line.position}", wrong)


def _shown(line: InvoiceLine, claims: Sequence[Claimed]) -> Shown:
    voided = min((claim.id for claim in claims if claim.is_reversal), default=None)
    return Shown(parse_pico(line.amount.amount), min(claim.id for claim in claims), voided)


def _wrong(line: InvoiceLine, exact: int, this: Shown, others: Sequence[Shown], claims: Sequence[Claimed]) -> str:
    """What is wrong with a line; '' where nothing is."""
    if parse_pico(line.exact) != exact:
        return f"its exact amount is {line.exact:f}, that of its charges {format_pico(exact)}"
    claimed = exact + sum(claim.amount for claim in claims if claim.id < this.at)
    before = sum(one.amount for one in others if one.stood(this.at))
    digits = currency(line.currency).digits
    # The seller may have rounded in another way when the document was issued.
    right = {round_to_minor(claimed, digits=digits, rounding=rounding) - before for rounding in Rounding}
    if this.amount in right:
        return ""
    return f"it shows {format_pico(this.amount)}, and rounding its key gives {format_pico(max(right))}"


CHECKS = (Check("billing.lines", 7, "Each line shows its charges, rounded so that its key's lines add up.", _lines),)
