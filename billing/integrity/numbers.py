"""Documents are numbered without gap, in the order of their issue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, Subquery

from billing.models import Invoice, Series
from core.db.asking import NAMED, count, holds
from core.integrity import Check, Finding, Outcome, outcome


def _numbers() -> Outcome:
    return outcome(count(Invoice), "documents", islice(_misnumbered(), NAMED) if holds(Invoice, Series) else ())


def _misnumbered() -> Iterator[Finding]:
    rows = Invoice.objects.order_by("seller", "kind", "sequence")
    for row in rows.filter(Q(sequence__isnull=True) | Q(number__isnull=True)):
        yield Finding(f"invoice {row.id}", "it has no number")
    before: Any = Invoice.objects.filter(
        seller=OuterRef("seller"), kind=OuterRef("kind"), sequence=OuterRef("sequence") - 1
    )
    for row in rows.filter(~Exists(before), sequence__isnull=False).exclude(sequence=1):
        yield Finding(f"invoice {row}", f"no document has the number before {row.sequence}")
    for row in rows.annotate(before=Subquery(before.values("issued_at")[:1])).filter(issued_at__lt=F("before")):
        yield Finding(f"invoice {row}", "it was issued before the document with the number before it")
    yield from _series()


def _series() -> Iterator[Finding]:
    taken = {(seller, kind): last for seller, kind, last in Series.objects.values_list("seller", "kind", "last")}
    used = Invoice.objects.order_by().values_list("seller", "seller__key", "kind").annotate(Max("sequence"))
    for seller, key, kind, last in used:
        if taken.pop((seller, kind), 0) != last:
            yield Finding(
                f"series {kind} of {key}", f"its last document has number {last}, which is not the last one taken"
            )
    for (seller, kind), last in taken.items():
        if last:
            yield Finding(f"series {kind} of seller {seller}", f"{last} numbers were taken, and there is no document")


CHECKS = (Check("billing.numbers", 6, "Document numbers are dense, and in the order of issue.", _numbers),)
