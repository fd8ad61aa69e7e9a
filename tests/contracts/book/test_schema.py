"""What a book file may say, section by section."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contracts.book import text
from contracts.book.schema import SECTIONS, read_book
from contracts.fields import FieldRefused

TENANT = "tenant: {key: acme, name: Acme, kind: sandbox}\n"


def _read(content: str) -> Any:
    return read_book(text.read((TENANT + content).encode()))


def _entry(content: str, section: str) -> dict[str, Any]:
    book = _read(content)
    assert book.refusals == []
    (entry,) = book.sections[section]
    fields: dict[str, Any] = entry.fields
    return fields


def test_every_example_of_the_documentation_is_read() -> None:
    """Interfaces §2, entry by entry."""
    fields = _entry(
        "customers: [{key: c-01, name: One Inc, currency: USD, time_zone: UTC, terms_days: 30, subjects: [c-01], "
        "parent: null, consolidate: false}]",
        "customers",
    )
    assert fields == {
        "key": "c-01",
        "name": "One Inc",
        "currency": "USD",
        "time_zone": "UTC",
        "terms_days": 30,
        "subjects": ["c-01"],
        "parent": None,
        "consolidate": False,
    }
    fields = _entry(
        "meters: [{key: input, event_type: llm, aggregation: sum, property: n, filter: {model: [large]}, "
        "group_by: []}]",
        "meters",
    )
    assert (fields["filter"], fields["group_by"]) == ({"model": ["large"]}, [])
    fields = _entry(
        "subscriptions: [{key: s-01, customer: c-01, plan: payg, start: 2026-01-01, anchor: 2026-01-31, "
        'quantities: {seats: "5"}}]',
        "subscriptions",
    )
    assert (fields["start"], fields["anchor"]) == (date(2026, 1, 1), date(2026, 1, 31))
    assert fields["quantities"] == {"seats": "5"}


def test_a_prices_own_figures_are_kept_for_its_model() -> None:
    plan = _entry(
        "plans: [{key: p, currency: USD, interval: month, prices: [{key: x, product: llm, model: graduated, "
        'charge_zero: false, tiers: [{up_to: "10", unit_amount: "0.2"}, {up_to: null, flat_amount: "1"}]}]}]',
        "plans",
    )
    assert plan["prices"] == [
        {
            "key": "x",
            "product": "llm",
            "model": "graduated",
            "charge_zero": False,
            "tiers": [{"up_to": "10", "unit_amount": "0.2"}, {"up_to": None, "flat_amount": "1"}],
        }
    ]


@pytest.mark.parametrize("word", ["NO", "12", "true", "2026-01-31", "on"])
def test_a_word_without_quotes_is_the_word_that_stands_there(word: str) -> None:
    """The country is Norway, the key 12, the product's name True."""
    assert _entry(f"products: [{{key: {word}, name: {word}}}]", "products") == {"key": word, "name": word}


CUSTOMER = "key: c, name: n, currency: USD"
PRICE = "key: x, product: p, model: flat"
PLAN = "key: p, currency: USD, interval: month, prices"
SIGNED = "key: s, customer: c, plan: p, start"


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        ("customers: [{key: c, name: n}]", "missing_field", "customers[0].currency"),
        (f"customers: [{{{CUSTOMER}}}, {{key: c, currency: USD}}]", "missing_field", "customers[1].name"),
        (f"customers: [{{{CUSTOMER}, colour: red}}]", "unknown_field", "customers[0].colour"),
        (f"customers: [{{{CUSTOMER}, terms_days: '30'}}]", "invalid_field", "customers[0].terms_days"),
        (f"customers: [{{{CUSTOMER}, terms_days: 30.5}}]", "invalid_field", "customers[0].terms_days"),
        (f"customers: [{{{CUSTOMER}, terms_days: -1}}]", "invalid_field", "customers[0].terms_days"),
        (f"customers: [{{{CUSTOMER}, terms_days: ３０}}]", "invalid_field", "customers[0].terms_days"),
        (f"customers: [{{{CUSTOMER}, terms_days: 1111111111}}]", "invalid_field", "customers[0].terms_days"),
        (f"customers: [{{{CUSTOMER}, consolidate: yes}}]", "invalid_field", "customers[0].consolidate"),
        (f"customers: [{{{CUSTOMER}, consolidate: 'true'}}]", "invalid_field", "customers[0].consolidate"),
        (f"customers: [{{{CUSTOMER}, subjects: c-01}}]", "invalid_field", "customers[0].subjects"),
        (f"customers: [{{{CUSTOMER}, subjects: [a, [b]]}}]", "invalid_field", "customers[0].subjects[1]"),
        (f"customers: [{{{CUSTOMER}, subjects: [null]}}]", "invalid_field", "customers[0].subjects[0]"),
        (f"customers: [{{{CUSTOMER}, metadata: x}}]", "invalid_field", "customers[0].metadata"),
        (f"customers: [{{{CUSTOMER}, address: [x]}}]", "invalid_field", "customers[0].address"),
        ("customers: [{key: {a: b}, name: n, currency: USD}]", "invalid_field", "customers[0].key"),
        ("customers: [{key: null, name: n, currency: USD}]", "invalid_field", "customers[0].key"),
        ("customers: [c-01]", "invalid_field", "customers[0]"),
        ("meters: [{key: m, event_type: e, aggregation: sum, filter: [x]}]", "invalid_field", "meters[0].filter"),
        ("meters: [{key: m, event_type: e, aggregation: sum, filter: {a: b}}]", "invalid_field", "meters[0].filter.a"),
        (f"plans: [{{{PLAN}: {{}}}}]", "invalid_field", "plans[0].prices"),
        (f"plans: [{{{PLAN}: [x]}}]", "invalid_field", "plans[0].prices[0]"),
        (f"plans: [{{{PLAN}: [], every: two}}]", "invalid_field", "plans[0].every"),
        (f"plans: [{{{PLAN}: [{{key: x, model: flat}}]}}]", "missing_field", "plans[0].prices[0].product"),
        (f"plans: [{{{PLAN}: [{{{PRICE}, amount: 49.00}}]}}]", "unquoted_number", "plans[0].prices[0].amount"),
        (f"plans: [{{{PLAN}: [{{{PRICE}, amount: 1e400}}]}}]", "unquoted_number", "plans[0].prices[0].amount"),
        (f"plans: [{{{PLAN}: [{{{PRICE}, amount: .nan}}]}}]", "unquoted_number", "plans[0].prices[0].amount"),
        (
            f"plans: [{{{PLAN}: [{{{PRICE}, tiers: [{{up_to: '1'}}, {{up_to: 5}}]}}]}}]",
            "unquoted_number",
            "plans[0].prices[0].tiers[1].up_to",
        ),
        (f"subscriptions: [{{{SIGNED}: '2026-02-30'}}]", "invalid_field", "subscriptions[0].start"),
        (f"subscriptions: [{{{SIGNED}: 2026-W05-1}}]", "invalid_field", "subscriptions[0].start"),
        (f"subscriptions: [{{{SIGNED}: 20260101}}]", "invalid_field", "subscriptions[0].start"),
        (f"subscriptions: [{{{SIGNED}: 1969-12-31}}]", "invalid_field", "subscriptions[0].start"),
        (f"subscriptions: [{{{SIGNED}: 2201-01-01}}]", "invalid_field", "subscriptions[0].start"),
        (f"subscriptions: [{{{SIGNED}: 2026-01-01T00:00:00Z}}]", "invalid_field", "subscriptions[0].start"),
        (
            f"subscriptions: [{{{SIGNED}: 2026-01-01, quantities: {{seats: 5}}}}]",
            "unquoted_number",
            "subscriptions[0].quantities.seats",
        ),
        (f"subscriptions: [{{{SIGNED}: 2026-01-01, quantities: 5}}]", "invalid_field", "subscriptions[0].quantities"),
        (
            "amendments: [{key: a, subscription: s, effective: 2026-01-01, reason: r, end: 1}]",
            "invalid_field",
            "amendments[0].end",
        ),
        ("seller: {key: s, name: n}", "missing_field", "seller.country"),
        ("seller: [{key: s}]", "invalid_field", "seller"),
    ],
)
def test_what_is_wrong_with_an_entry_is_told_by_its_path(content: str, code: str, field: str) -> None:
    (refusal,) = _read(content).refusals
    assert (refusal.code, refusal.field) == (code, field)


def test_an_unquoted_number_is_told_how_to_write_it() -> None:
    (refusal,) = _read(f"plans: [{{{PLAN}: [{{{PRICE}, amount: 49.00}}]}}]").refusals
    assert refusal.detail == 'quote it: "49.00"'


def test_all_that_is_wrong_is_told_at_once_and_good_entries_are_read() -> None:
    book = _read(f"customers: [{{key: a}}, {{{CUSTOMER}}}]\nproducts: [{{key: p}}, 5]")
    assert [refusal.field for refusal in book.refusals] == ["customers[0].name", "products[0].name", "products[1]"]
    assert [entry.path for entry in book.sections["customers"]] == ["customers[1]"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("[a, b]", "book"),
        ("just a word", "book"),
        ("customers: []", "tenant"),
        (f"{TENANT}customer: []", "customer"),
        (f"{TENANT}customers: {{key: c}}", "customers"),
        (f"{TENANT}customers: none", "customers"),
    ],
)
def test_what_is_not_made_of_sections_is_refused_at_once(content: str, field: str) -> None:
    with pytest.raises(FieldRefused) as refused:
        read_book(text.read(content.encode()))
    assert refused.value.field == field


@pytest.mark.parametrize("empty", ["customers:", "customers: null", "customers: []"])
def test_an_empty_section_declares_nothing(empty: str) -> None:
    book = _read(empty)
    assert (book.refusals, book.sections["customers"]) == ([], [])


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_requires_a_key_and_takes_metadata(section: str) -> None:
    required, optional = SECTIONS[section]
    assert "key" in required
    assert "metadata" in optional
    assert not set(required) & set(optional)


def test_two_entries_of_a_section_with_one_key_are_refused() -> None:
    """Which of them is meant? Every further one is told."""
    book = _read("products: [{key: p, name: a}, {key: q, name: b}, {key: p, name: c}, {key: p, name: d}]")
    assert [(refusal.code, refusal.field) for refusal in book.refusals] == [
        ("duplicate_key", "products[2].key"),
        ("duplicate_key", "products[3].key"),
    ]


ODD = ["", "~", "[]", "{}", "[[1]]", "{a: {b: [c]}}", "'x'", "1", "true"]


@pytest.mark.parametrize("section", [section for section in SECTIONS if section != "tenant"])
def test_whatever_stands_in_a_field_the_refusal_has_a_path(section: str) -> None:
    """No value makes the reader fail in another way."""
    required, optional = SECTIONS[section]
    for name in (*required, *optional):
        for value in ODD:
            entry = f"{{{name}: {value}}}"
            refusals = _read(f"{section}: {entry}" if section == "seller" else f"{section}: [{entry}]").refusals
            assert refusals
            assert all(refusal.field and refusal.field.startswith(section) for refusal in refusals)
