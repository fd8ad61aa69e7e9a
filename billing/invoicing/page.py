"""A canonical invoice document as the texts that its page shows, in the buyer's locale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from billing.invoicing import formats
from billing.invoicing.formats import Reader, breakable
from billing.invoicing.sections import Section, sections_of

Document = Mapping[str, Any]
#: A label and what stands beside it.
Fact = tuple[str, str]

#: What is written across a document that nobody may pay.
_MARKS = {"draft": "DRAFT", "void": "VOID"}


class Party(msgspec.Struct, frozen=True):
    name: str
    address: tuple[str, ...]
    tax_ids: tuple[str, ...]


class Page(msgspec.Struct, frozen=True):
    """Everything the template shows. `payment` is empty where nothing is to be paid."""

    title: str
    number: str
    mark: str
    notice: str
    seller: Party
    buyer: Party
    email: str
    facts: tuple[Fact, ...]
    amount_due: Fact
    currency: str
    sections: tuple[Section, ...]
    totals: tuple[Fact, ...]
    payment: tuple[Fact, ...]
    terms: str
    issued_on: str
    digest: str


def page_of(document: Document) -> Page:
    """The page of an invoice document (interfaces §4). Nothing is looked up."""
    reader = Reader(currency=document["currency"], locale=document["locale"])
    return Page(
        title=f"Invoice {document['number']}" if document["number"] else "Draft invoice",
        number=document["number"] or "",
        mark=_MARKS.get(document["status"], ""),
        notice=_notice(document),
        seller=_party(document["seller"]),
        buyer=_party(document["buyer"]),
        email=document["seller"]["email"] or "",
        facts=tuple(_facts(document, reader)),
        amount_due=_amount_due(document, reader),
        currency=formats.currency_words(document["currency"]),
        sections=sections_of(document["lines"], reader=reader),
        totals=tuple(_totals(document, reader)),
        payment=tuple(_payment(document, reader)),
        terms=_terms(document["payment_terms_days"]),
        issued_on=document["issued_on"] or "",
        digest=document["digest"] or "",
    )


def _notice(document: Document) -> str:
    if document["status"] == "draft":
        return "This is a draft. It is not a request for payment, and its amounts may still change."
    if document["status"] == "void":
        return "This invoice is void. Please do not pay it."
    return "This invoice has been paid in full. Thank you." if _is_settled(document) else ""


def _party(party: Mapping[str, Any]) -> Party:
    address = party["address"] or {}
    town = " ".join(part for part in (address.get("postcode"), address.get("city")) if part)
    country = formats.country_words(address["country"]) if address.get("country") else ""
    lines = (*(address.get("lines") or ()), town, country)
    return Party(
        name=breakable(party["name"]),
        address=tuple(breakable(line) for line in lines if line),
        tax_ids=tuple(breakable(tax_id) for tax_id in party["tax_ids"] or ()),
    )


def _facts(document: Document, reader: Reader) -> Iterable[Fact]:
    if document["issued_on"]:
        yield "Issued", reader.day(document["issued_on"])
    if document["due_on"]:
        yield "Due", reader.day(document["due_on"])
    yield "Billing period", reader.span(document["period"]["start"], document["period"]["end"])


def _amount_due(document: Document, reader: Reader) -> Fact:
    if document["status"] == "void":
        return "Nothing to pay", reader.money(Fraction(0))
    due = reader.money(Fraction(document["totals"]["due"]))
    if document["status"] == "draft":
        return "Total so far", due
    return ("Amount due" if _is_settled(document) else f"Amount due by {reader.day(document['due_on'])}"), due


def _totals(document: Document, reader: Reader) -> Iterable[Fact]:
    totals = {name: Fraction(amount) for name, amount in document["totals"].items()}
    yield "Subtotal", reader.money(totals["net"])
    yield "Tax", reader.money(totals["tax"])
    yield "Total", reader.money(totals["gross"])
    if totals["credit_applied"]:
        yield "Credit applied", reader.money(-totals["credit_applied"])
    paid = totals["gross"] - totals["credit_applied"] - totals["due"]
    if paid and document["status"] != "void":
        yield "Paid", reader.money(-paid)


def _payment(document: Document, reader: Reader) -> Iterable[Fact]:
    if document["status"] in _MARKS or _is_settled(document):
        return
    yield "Amount", reader.money(Fraction(document["totals"]["due"]))
    yield "Pay by", reader.day(document["due_on"])
    bank = document["seller"]["bank"] or {}
    if bank.get("name"):
        yield "Account holder", breakable(bank["name"])
    if bank.get("iban"):
        yield "IBAN", _in_fours(bank["iban"])
    if bank.get("bic"):
        yield "BIC", breakable(bank["bic"])
    yield "Reference", document["number"]


def _is_settled(document: Document) -> bool:
    return document["status"] == "paid" or Fraction(document["totals"]["due"]) <= 0


def _terms(days: int) -> str:
    if days == 0:
        return "Payable on receipt."
    return f"Payable within {days} day{'s' if days != 1 else ''} of the date of issue."


def _in_fours(iban: str) -> str:
    plain = iban.replace(" ", "")
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
