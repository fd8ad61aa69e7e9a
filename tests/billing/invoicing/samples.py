"""Canonical invoice documents to render."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from core.money import format_exact

SELLER = {
    "key": "acme-eu",
    "name": "Acme AI GmbH",
    "address": {"lines": ["Torstraße 140"], "city": "Berlin", "postcode": "10119", "country": "DE"},
    "tax_ids": ["DE136695976"],
    "email": "billing@acme.example",
    "bank": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "name": "Acme AI GmbH"},
}
BUYER = {
    "key": "c-01",
    "name": "Αθηναϊκή Τεχνολογία Α.Ε.",
    "address": {"lines": ["Ερμού 18"], "city": "Αθήνα", "postcode": "105 63", "country": "GR"},
    "tax_ids": ["EL094259216"],
}


def row(
    quantity: str,
    unit_amount: str = "0",
    *,
    flat: str = "0",
    start: str | None = None,
    end: str | None = None,
    amount: str | None = None,
    **package: str,
) -> dict[str, str | None]:
    """A breakdown row; its amount is what the prices make of the quantity, unless another is given."""
    whole = format_exact(Fraction(quantity) * Fraction(unit_amount) + Fraction(flat))
    bounds = {"from": start, "to": end}
    return {
        **bounds,
        "quantity": quantity,
        "unit_amount": unit_amount,
        "flat_amount": flat,
        "amount": amount or whole,
        **package,
    }


def line(description: str, amount: str, *rows: dict[str, str | None], **fields: Any) -> dict[str, Any]:
    """A line of `rows`, for January 2026, of the customer c-01."""
    return {
        "id": "00000000-0000-8000-8000-000000000000",
        "customer": "c-01",
        "subscription": "s-01",
        "price": "input",
        "product": "llm",
        "kind": "usage",
        "description": description,
        "service_period": {"start": "2026-01-01", "end": "2026-02-01"},
        "quantity": format_exact(sum((Fraction(each["quantity"] or 0) for each in rows), Fraction(0))),
        "unit": "token",
        "amount": amount,
        "amount_exact": format_exact(sum((Fraction(each["amount"] or 0) for each in rows), Fraction(0))),
        "late": False,
        "corrects": None,
        "dimensions": {},
        "breakdown": list(rows),
        **fields,
    }


def document(*lines: dict[str, Any], places: int = 2, **fields: Any) -> dict[str, Any]:
    """An open invoice of `lines` in EUR, untaxed."""
    net = sum((Fraction(each["amount"]) for each in lines), Fraction(0))
    whole, _, part = format_exact(net).partition(".")
    total = f"{whole}.{part.ljust(places, '0')}" if places else whole
    return {
        "format": 1,
        "number": "INV-000042",
        "kind": "invoice",
        "status": "open",
        "currency": "EUR",
        "locale": "en",
        "seller": SELLER,
        "buyer": BUYER,
        "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "issued_on": "2026-02-01",
        "due_on": "2026-03-03",
        "payment_terms_days": 30,
        "lines": list(lines),
        "totals": {"net": total, "tax": "0", "gross": total, "rounding": "0", "credit_applied": "0", "due": total},
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        **fields,
    }


def draft(*lines: dict[str, Any]) -> dict[str, Any]:
    """The same, not issued."""
    return document(*lines, status="draft", number=None, issued_on=None, due_on=None, digest=None)


def tokens(description: str = "Language model API · Input tokens", **fields: Any) -> dict[str, Any]:
    """1.5 million graduated tokens: 2.75."""
    return line(
        description,
        "2.75",
        row("1000000", "0.000002", start="0", end="1000000"),
        row("500000", "0.0000015", start="1000000"),
        **fields,
    )


def fee(description: str = "Language model API · Platform", **fields: Any) -> dict[str, Any]:
    """A fixed fee of 49.00."""
    return line(description, "49.00", row("1", flat="49"), **{"kind": "fee", "unit": None, **fields})


def every_shape() -> tuple[dict[str, Any], ...]:
    """One line of each price model, and of what is unusual."""
    december = {"start": "2025-12-01", "end": "2026-01-01"}
    return (
        fee(),
        line("Seats", "96.00", row("8", "12.00"), unit="seat", kind="fee"),
        line("Seats", "23.14", row("3", "12.00", share="9/14", amount="23.142857142857"), unit="seat", kind="fee"),
        tokens(),
        line("Output tokens", "0.66", row("49123", "0.0000135")),
        line(
            "Calls",
            "0.80",
            row("5000", start="0", end="5000"),
            row("1650", flat="0.80", start="5000", package_size="1000", package_amount="0.40"),
            unit="call",
        ),
        line(
            "GPU hours",
            "288.75",
            row("100", flat="250", start="0", end="100"),
            row("12.5", "3.10", start="100"),
            unit="hour",
        ),
        line("Active users", "78.00", row("312", "0.25", start="100", end="500"), unit="user"),
        line(
            "Late usage: Input tokens",
            "0.02",
            row("12000", "0.0000015", start="1000000"),
            late=True,
            corrects="INV-000031",
            service_period=december,
        ),
        line(
            "Correction: Output tokens",
            "-0.54",
            row("-40000", "0.0000135"),
            corrects="INV-000031",
            service_period=december,
        ),
        line(
            "Credit for unused time: Platform",
            "-28.45",
            row("-1", flat="-49", share="18/31", amount="-28.451612903226"),
            corrects="INV-000031",
            unit=None,
            kind="fee",
        ),
    )


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><link rel=attachment href=file:///etc/passwd>",
    "javascript:alert(1)",
    "'}body{background:url(http://169.254.169.254/)}",
    "{{ settings.SECRET_KEY }}{% load static %}",
    "<svg><image href='file:///etc/passwd'/></svg>",
    "&lt;b&gt; &#0; <!-- ]]>",
    "\u202eRTL مرحبا שלום",
    "😀👩‍👩‍👧‍👦 株式会社 ﷽",
    "a\x00b\x1fc\x7f\ud800\uffff",
    "Z̸͝a̷l̶g̵o̴" + "̷" * 500,
]


def hostile(text: str) -> dict[str, Any]:
    """A document with `text` in every place that takes text."""
    address = {"lines": [text, text], "city": text, "postcode": text, "country": text}
    lines = [
        fee(description=text, unit=text, customer=f"{text}{at}", customer_name=text, subscription=f"{text}{at}")
        for at in range(2)
    ]
    bank = {"name": text, "iban": text, "bic": text}
    return document(
        *lines,
        number=text,
        seller={"key": text, "name": text, "address": address, "tax_ids": [text], "email": text, "bank": bank},
        buyer={"key": text, "name": text, "address": address, "tax_ids": [text]},
        locale=text,
        digest=text,
    )
