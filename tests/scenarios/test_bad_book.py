"""Book files that can't be applied: refused by the path of what is wrong, and nothing is changed."""

from __future__ import annotations

import time

import pytest

from contracts.book.applying import apply
from core.models import Tenant
from tests.support.full_book import full_book, refusals, refused, with_text, with_value
from tests.support.tenants import fingerprint
from tests.support.world import TESTER

pytestmark = pytest.mark.usefixtures("fresh_books")

_INPUT = "plans[0].prices[0]"
_CALLS = "plans[0].prices[1]"
_BURST = "plans[0].prices[3]"


def test_the_book_without_a_fault_is_applied_once(fresh_books: Tenant) -> None:
    """A dry run changes nothing; applied again, nothing changes any more."""
    before = fingerprint()
    planned = apply(full_book(fresh_books), actor=TESTER, dry_run=True)
    assert fingerprint() == before
    assert apply(full_book(fresh_books), actor=TESTER) == planned
    after = fingerprint()
    assert apply(full_book(fresh_books), actor=TESTER) == []
    assert fingerprint() == after != before


# The file as a whole


@pytest.mark.parametrize(
    ("content", "code", "detail"),
    [
        (b"", "book_unreadable", "empty"),
        (b"# nothing but a comment\n", "book_unreadable", "empty"),
        (b"~", "invalid_field", "sections"),
        (b"[1, 2]", "invalid_field", "sections"),
        (b"tenant: {key: \xff}", "book_unreadable", "not UTF-8"),
        (b"tenant: {key: a\0b}", "book_unreadable", "not YAML"),
        (b"tenant: {key: t", "book_unreadable", "not YAML"),
        (b"tenant: {key: t}\n---\ntenant: {key: u}\n", "book_unreadable", "a second document begins in line 2"),
        (b"tenant:\n\t- key: t\n", "book_unreadable", "not YAML"),
        (b"[" * 100_000, "book_unreadable", "nested deeper than 50"),
        (b"{a: " * 100_000, "book_unreadable", "nested deeper than 50"),
        (b"- " * 100_000, "book_unreadable", "nested deeper than 50"),
        (b"[" * 100_000 + b"]" * 100_000, "book_unreadable", "nested deeper than 50"),
        (b"a: &x 1\nb: *x\n", "book_unreadable", "an alias"),
        (b"a: &x [*x]\n", "book_unreadable", "an alias"),
        (b"a: !!python/object/apply:os.abort []\n", "book_unreadable", "a tag"),
        (b"a: !!str 1\n", "book_unreadable", "a tag"),
        (b"? [a]\n: b\n", "book_unreadable", "a key is a text"),
        (b" " * (50 * 1024 * 1024 + 1), "book_unreadable", "bytes"),
        (b"customers: []\n", "missing_field", "required"),
    ],
)
def test_no_book_at_all(content: bytes, code: str, detail: str) -> None:
    before = fingerprint()
    [refusal] = refusals(content)
    assert (refusal.code, detail in refusal.detail) == (code, True), refusal
    assert fingerprint() == before


def test_aliases_that_would_be_billions_of_values_take_no_time() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    begun = time.monotonic()
    assert refusals("\n".join(levels).encode())
    assert time.monotonic() - begun < 2


# Wrong keys, keys twice, keys missing


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ("products:\n", "prodcuts:\n", "unknown_field", "prodcuts"),
        ("products:\n", "Products:\n", "unknown_field", "Products"),
        ("products:\n", "seller:\n", "duplicate_key", "seller"),
        ("name: Test books", "nmae: Test books", "unknown_field", "tenant.nmae"),
        ("country: DE\n", "land: DE\n", "unknown_field", "seller.land"),
        ('postcode: "10119"', 'zip: "10119"', "invalid_value", "seller.address"),
        ("bic: COBADEFFXXX", "swift: COBADEFFXXX", "invalid_value", "seller.bank"),
        ("terms_days: 30", "terms: 30", "unknown_field", "customers[1].terms"),
        ("group_by: [region", "groupby: [region", "unknown_field", "meters[0].groupby"),
        ("tags: [ai", "tag: [ai", "unknown_field", "products[0].tag"),
        ("every: 1\n", "ever: 1\n", "unknown_field", "plans[0].ever"),
        ("charge_zero: true", "charge_nothing: true", "unknown_field", f"{_INPUT}.charge_nothing"),
        ('free_units: "7"', 'tiers: "7"', "unknown_field", f"{_CALLS}.tiers"),
        ('flat_amount: "0.01"', 'flat: "0.01"', "unknown_field", f"{_INPUT}.tiers[1].flat"),
        ("anchor: 2026-01-31", "anchr: 2026-01-31", "unknown_field", "subscriptions[0].anchr"),
        ("reason: growth", "why: growth", "unknown_field", "amendments[0].why"),
        ("name: Test books", "key: Test books", "duplicate_key", "tenant.key"),
        ("rounding: half_even", "country: AT", "duplicate_key", "seller.country"),
        ("locale: en\n", "currency: EUR\n", "duplicate_key", "customers[1].currency"),
        ("city: Athens", "country: GR", "duplicate_key", "customers[1].address.country"),
        ('metadata: {crm: "17"}', 'metadata: {crm: "17", crm: "17"}', "duplicate_key", "customers[1].metadata.crm"),
        (
            "filter: {model: [large, huge]}",
            "filter: {model: [a], model: [b]}",
            "duplicate_key",
            "meters[0].filter.model",
        ),
        ('package_size: "100"', 'free_units: "1"', "duplicate_key", f"{_CALLS}.free_units"),
        ('{seats: "5"}', '{seats: "5", seats: "5"}', "duplicate_key", "subscriptions[0].quantities.seats"),
        ("kind: sandbox, ", "", "missing_field", "tenant.kind"),
        ("  country: DE\n", "", "missing_field", "seller.country"),
        ("    name: One Inc\n", "", "missing_field", "customers[1].name"),
        (
            "    name: One Inc\n    kind: organization\n    currency: USD\n",
            "    name: One Inc\n",
            "missing_field",
            "customers[1].currency",
        ),
        ("key: calls, event_type", "event_type", "missing_field", "meters[1].key"),
        ("    event_type: llm.request\n", "", "missing_field", "meters[0].event_type"),
        ("llm, name: Language model", "llm", "missing_field", "products[0].name"),
        ("    interval: month\n", "", "missing_field", "plans[0].interval"),
        ("        model: graduated\n", "", "missing_field", f"{_INPUT}.model"),
        ('model: flat, amount: "49.00"', "model: flat", "missing_field", "plans[0].prices[4].amount"),
        ('included: "50", ', "", "missing_field", f"{_BURST}.included"),
        (
            '[{up_to: null, unit_amount: "0.05"}]',
            "[{up_to: null}]",
            "missing_field",
            "plans[0].prices[2].tiers[0].unit_amount",
        ),
        (
            '[{up_to: null, unit_amount: "0.05"}]',
            '[{unit_amount: "0.05"}]',
            "missing_field",
            "plans[0].prices[2].tiers[0].up_to",
        ),
        ("start: 2026-01-15, ", "", "missing_field", "subscriptions[0].start"),
        ("effective: 2026-03-10, ", "", "missing_field", "amendments[1].effective"),
        (", reason: bigger", "", "missing_field", "amendments[1].reason"),
    ],
)
def test_wrong_keys(fresh_books: Tenant, old: str, new: str, code: str, field: str) -> None:
    assert refused(with_text(fresh_books, old, new)) == (code, field)


# What fits its field, and not the rest of the book


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        ("customers[1].parent", "c-99", "not_found", "customers[1].parent"),
        ("customers[1].parent", "c-01", "invalid_value", "customers[1].parent"),
        ("customers[1].bill_to", "c-99", "not_found", "customers[1].bill_to"),
        ("customers[1].bill_to", "c-02", "not_in_tree", "customers[1].bill_to"),
        ("customers[2].key", "c-01", "duplicate_key", "customers[2].key"),
        ("meters[1].key", "tokens", "duplicate_key", "meters[1].key"),
        ("products[0].tags", "[]}\n  - {key: llm, name: Another", "duplicate_key", "products[1].key"),
        ("meters[1].aggregation", "max", "invalid_value", "meters[1].property"),
        ("meters[0].aggregation", "count", "invalid_value", "meters[0].property"),
        ("meters[0].filter", "{model: large}", "invalid_field", "meters[0].filter.model"),
        ("meters[0].filter", "{model: []}", "invalid_value", "meters[0].filter.model"),
        ("meters[0].filter", '{"": [a]}', "invalid_value", "meters[0].filter"),
        ("plans[1].key", "payg", "duplicate_key", "plans[1].key"),
        ("plans[0].prices[1].key", "input", "invalid_value", "plans[0].prices"),
        ("plans[0].prices[1].product", "llmm", "not_found", "plans[0].prices[1].product"),
        ("plans[0].prices[1].meter", "cals", "not_found", "plans[0].prices[1].meter"),
        ("plans[0].prices[1].meter", "null", "invalid_value", "plans[0].prices[1].meter"),
        ("plans[0].prices[0].tiers[0].up_to", "null", "invalid_tiers", "plans[0].prices[0].tiers[0].up_to"),
        ("plans[0].prices[0].tiers[1].up_to", '"2000"', "invalid_tiers", "plans[0].prices[0].tiers[1].up_to"),
        ("plans[0].prices[4].timing", "arrears, meter: calls", "invalid_value", "plans[0].prices[4].meter"),
        ("plans[0].prices[4].timing", "arrears, quantity: seats", "invalid_value", "plans[0].prices[4].quantity"),
        ("plans[0].prices[5].quantity", "null", "invalid_value", "plans[0].prices[5].meter"),
        ("plans[0].prices[1].free_units", '"7", quantity: seats', "invalid_value", "plans[0].prices[1].quantity"),
        ("plans[0].prices[1].free_units", '"7", timing: advance', "invalid_value", "plans[0].prices[1].timing"),
        ("subscriptions[0].customer", "c-99", "not_found", "subscriptions[0].customer"),
        ("subscriptions[0].plan", "gold", "not_found", "subscriptions[0].plan"),
        ("subscriptions[0].quantities", "{}", "quantity_missing", "subscriptions[0].quantities.seats"),
        ("subscriptions[0].quantities", '{seat: "5"}', "quantity_missing", "subscriptions[0].quantities.seats"),
        ("subscriptions[0].subjects", "[]", "meter_already_priced", "subscriptions[1].subjects"),
        ("subscriptions[1].key", "s-01", "duplicate_key", "subscriptions[1].key"),
        ("amendments[0].subscription", "s-99", "not_found", "amendments[0].subscription"),
        ("amendments[0].effective", "2026-01-14", "invalid_value", "amendments[0].effective"),
        ("amendments[0].quantities", "{}", "invalid_value", "amendments[0].change"),
        ("amendments[1].key", "a-01", "duplicate_key", "amendments[1].key"),
        ("amendments[1].plan", "gold", "not_found", "amendments[1].plan"),
        ("amendments[1].plan", "euro", "rhythm_differs", "amendments[1].plan"),
        ("amendments[1].plan", "weekly", "rhythm_differs", "amendments[1].plan"),
        ("amendments[2].end", "true, plan: pro", "invalid_value", "amendments[2].end"),
        ("amendments[2].end", "false", "invalid_value", "amendments[2].change"),
    ],
)
def test_what_does_not_fit_the_rest(fresh_books: Tenant, path: str, value: str, code: str, field: str) -> None:
    assert refused(with_value(fresh_books, path, value)) == (code, field)


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        ("tenant.kind", "live", "tenant_exists", "tenant.kind"),
        ("customers[1].currency", "EUR", "customer_differs", "customers[1].currency"),
        ("customers[1].parent", "null", "customer_differs", "customers[1].parent"),
        ("customers[2].currency", "USD, subjects: [c-01]", "customer_differs", "customers[2].currency"),
        ("customers[2].name", "Two Inc, subjects: [c-01]", "subject_taken", "customers[2].subjects[0]"),
        ("meters[0].event_type", "llm.answer", "meter_differs", "meters[0].event_type"),
        ("meters[0].aggregation", "max", "meter_differs", "meters[0].aggregation"),
        ("meters[0].property", "output_tokens", "meter_differs", "meters[0].property"),
        ("meters[0].filter", "{model: [large]}", "meter_differs", "meters[0].filter"),
        ("meters[0].group_by", "[tier, region]", "meter_differs", "meters[0].group_by"),
        ("plans[0].currency", "EUR", "plan_differs", "plans[0].key"),
        ("plans[0].interval", "week", "plan_differs", "plans[0].key"),
        ("plans[0].every", "2", "plan_differs", "plans[0].key"),
        ("plans[0].prices[0].tiers[0].unit_amount", '"0.0000021"', "plan_differs", "plans[0].key"),
        ("plans[0].prices[1].free_units", '"8"', "plan_differs", "plans[0].key"),
        ("plans[0].prices[0].proration", "second", "plan_differs", "plans[0].key"),
        ("subscriptions[0].customer", "c-02", "subscription_differs", "subscriptions[0].customer"),
        ("subscriptions[0].plan", "pro", "subscription_differs", "subscriptions[0].plan"),
        ("subscriptions[0].start", "2026-01-16", "subscription_differs", "subscriptions[0].start"),
        ("subscriptions[0].anchor", "2026-01-30", "subscription_differs", "subscriptions[0].anchor"),
        ("subscriptions[0].quantities.seats", '"6"', "subscription_differs", "subscriptions[0].quantities"),
        ("amendments[0].effective", "2026-02-11", "amendment_differs", "amendments[0].key"),
        ("amendments[0].reason", "shrinkage", "amendment_differs", "amendments[0].key"),
        ("amendments[0].quantities.seats", '"9"', "amendment_differs", "amendments[0].key"),
        ("amendments[0].subscription", "s-02", "amendment_differs", "amendments[0].key"),
        ("amendments[2].effective", "2026-04-11", "amendment_differs", "amendments[2].key"),
        (
            "amendments[2].end",
            "true}\n  - {key: a-04, subscription: s-02, effective: 2026-04-10, reason: x, plan: pro",
            "subscription_ended",
            "amendments[3].effective",
        ),
    ],
)
def test_what_was_agreed_is_not_changed_by_a_book(
    fresh_books: Tenant, path: str, value: str, code: str, field: str
) -> None:
    """A published plan, a meter, a signature, an amendment: what to do instead is told."""
    apply(full_book(fresh_books), actor=TESTER)
    assert refused(with_value(fresh_books, path, value)) == (code, field)
