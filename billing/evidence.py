"""Ratings and spans as JSON beside each charge, and back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from billing.due import SubjectSpan
from billing.rating.lines import Rated, rated, row
from core.money import format_exact, format_pico, parse_exact, parse_pico

NOTHING = Fraction(0)
#: The version of the rating rules: a change of any rule that moves an amount is a new one.
ENGINE = "1"


def dump_rated(value: Rated) -> list[dict[str, str | None]]:
    """One object a row: what the row's amount is computed from, exactly."""
    return [
        {
            "from": _pico(each.start),
            "to": _pico(each.end),
            "quantity": format_pico(each.quantity),
            "unit_amount": format_exact(each.unit_amount),
            "flat_amount": format_pico(each.flat_amount),
            "share": str(each.share),
        }
        for each in value.breakdown
    ]


def read_rated(rows: Sequence[dict[str, Any]]) -> Rated:
    """The rating that dump_rated wrote, amounts worked out again."""
    return rated(
        row(
            start=parse_pico(each["from"]) if each["from"] is not None else None,
            end=parse_pico(each["to"]) if each["to"] is not None else None,
            quantity=parse_pico(each["quantity"]),
            unit_amount=parse_exact(each["unit_amount"]),
            flat_amount=parse_pico(each["flat_amount"]),
            share=Fraction(each["share"]),
        )
        for each in rows
    )


def dump_spans(spans: Iterable[SubjectSpan]) -> list[list[str]]:
    return [[one.subject, one.start.isoformat(), one.end.isoformat()] for one in spans]


def read_spans(values: Iterable[Sequence[str]]) -> list[SubjectSpan]:
    return [
        SubjectSpan(subject, datetime.fromisoformat(start), datetime.fromisoformat(end))
        for subject, start, end in values
    ]


def _pico(value: int | None) -> str | None:
    return None if value is None else format_pico(value)
