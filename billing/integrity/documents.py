"""Issued documents are what their digest says, and their rows what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

from billing.invoicing import documents
from billing.models import Invoice, InvoiceLine
from core import canonical
from core.db.asking import NAMED, count, holds
from core.integrity import Check, Finding, Outcome, outcome
from core.money import PICO, format_pico

#: A document may have thousands of lines.
_CHUNK = 50


def _documents() -> Outcome:
    return outcome(count(Invoice), "documents", islice(_altered(), NAMED) if holds(Invoice) else ())


def _altered() -> Iterator[Finding]:
    rows = Invoice.objects.select_related("payer", "party", "seller").prefetch_related("lines").order_by("id")
    for row in rows.iterator(chunk_size=_CHUNK):
        try:
            form = json.loads(row.body)
            wrong, unexplained = _wrong(row, form), list(_unexplained(row, form))
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            wrong, unexplained = [f"body ({type(error).__name__}: {error})"], []
        if wrong:
            yield Finding(f"invoice {row}", f"not as it was issued: {', '.join(wrong)}")
        yield from unexplained


def _unexplained(row: Invoice, form: Mapping[str, Any]) -> Iterator[Finding]:
    """Lines whose arithmetic, as the customer reads it, does not come to their exact amount.

    Each row is written to 12 places, and the amount is that of charges set to a pico: a few picos may lie between.
    """
    for position, line in enumerate(form["lines"], start=1):
        exact, rows = Fraction(line["amount_exact"]), [Fraction(one["amount"]) for one in line["breakdown"]]
        if abs(sum(rows) - exact) * PICO > len(rows) + 4:
            comes_to = format_pico(round(sum(rows) * PICO))
            yield Finding(
                f"invoice {row} line {position}",
                f"its arithmetic comes to {comes_to}, its amount is {line['amount_exact']}",
            )


def _wrong(row: Invoice, form: Mapping[str, Any]) -> list[str]:
    """What of a document differs from its sealed form, which is what its digest is of."""
    kept, said = _kept(row), _said(form)
    wrong = [name for name, value in said.items() if kept[name] != value]
    if documents.digest(form) != row.digest:
        wrong.insert(0, "digest")
    if canonical.encode(form) != row.body:
        wrong.insert(0, "body")
    return wrong


def _said(form: Mapping[str, Any]) -> dict[str, Any]:
    totals = form["totals"]
    return {
        **{name: form[name] for name in ("number", "kind", "currency", "issued_on", "due_on")},
        "period": (form["period"]["start"], form["period"]["end"]),
        "seller": form["seller"]["key"],
        "buyer": (form["buyer"]["key"], form["buyer"]["party_digest"]),
        **{name: Decimal(totals[name]) for name in ("net", "tax", "gross")},
        "lines": [
            (line["id"], line["description"], Decimal(line["amount_exact"]), Decimal(line["amount"]))
            for line in form["lines"]
        ],
    }


def _kept(row: Invoice) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("number", "kind", "currency")},
        **{name: getattr(row, name).isoformat() for name in ("issued_on", "due_on")},
        "period": (row.period_start.isoformat(), row.period_end.isoformat()),
        "seller": row.seller.key,
        "buyer": (row.payer.key, row.party.digest),
        **{name: getattr(row, name).amount for name in ("net", "tax", "gross")},
        "lines": _lines(sorted(row.lines.all(), key=lambda line: line.position)),
    }


def _lines(rows: Sequence[InvoiceLine]) -> list[tuple[str, str, Decimal, Decimal]]:
    return [(str(row.key_id), row.description, row.exact, row.amount.amount) for row in rows]


CHECKS = (
    Check("billing.documents", 6, "Issued documents, their headers and their lines are what was sealed.", _documents),
)
