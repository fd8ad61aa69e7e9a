"""Whatever a line shows, the quantities of the events behind it add up to its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from billing import explain
from billing.invoicing import view
from billing.models import Invoice
from core.models import Tenant
from core.money import format_pico
from customers import subjects
from customers.models import Claim
from tests.billing.small import use
from tests.support import world

METERS: dict[str, dict[str, Any]] = {
    "sum": {"property": "tokens"},
    "count": {},
    "max": {"property": "tokens"},
    "unique_count": {"property": "user"},
}
TIERS = [{"up_to": "10", "unit_amount": "2"}, {"up_to": None, "unit_amount": "1"}]
#: (line, where it shows, events added, events taken away)
Shown = tuple[str, str, str, str]


@pytest.fixture(autouse=True)
def billed(books: Tenant) -> None:
    """January, billed on INV-000001: 1 + 20 tokens early in the month, 300 late in it, by two users."""
    prices = [{"key": name, "meter": name, "model": "per_unit", "unit_amount": "1"} for name in METERS]
    tiers = {"key": "tiers", "meter": "sum", "model": "graduated", "tiers": TIERS}
    world.apply(
        {
            "customers": [world.customer(), world.customer("c-02")],
            "meters": [
                {"key": name, "event_type": "used", "aggregation": name, **more} for name, more in METERS.items()
            ],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan(key, [*prices, tiers]) for key in ("plan", "other", "third")],
            "subscriptions": [
                {"key": f"s-{n}", "customer": f"c-{n}", "plan": "plan", "start": world.day("2026-01-01")}
                for n in ("01", "02")
            ],
        }
    )
    use("a", 1, on="2026-01-05", user="x")
    use("b", 20, on="2026-01-08", user="x")
    use("c", 300, on="2026-01-20", user="y")
    world.bill("2026-02-01")


def late() -> None:
    use("late", 4000, on="2026-01-06", user="z")
    world.bill("2026-03-01")


def void() -> None:
    world.void("c")
    use("d", 400, user="z", on="2026-02-10")
    world.bill("2026-03-01")


def plan_change() -> None:
    """Only what stayed was listed, and what was taken away nowhere."""
    world.change(on="2026-01-11", plan="other")
    world.bill("2026-03-01")


def plan_changes_and_late() -> None:
    """The second makes the first one's segment shorter, and one in between comes late."""
    world.change(on="2026-01-11", plan="other")
    world.bill("2026-02-02")
    world.change(on="2026-01-06", plan="third")
    use("late", 4000, on="2026-01-07", user="z")
    world.bill("2026-03-01")


def ended() -> None:
    world.change(on="2026-01-07", end=True)
    use("d", 5000, on="2026-01-02", user="z")
    world.bill("2026-03-01")


def moved() -> None:
    """The subject means another customer from the 7th on."""
    claim = Claim.objects.get(subject__name="c-01")
    other = Claim.objects.get(subject__name="c-02").customer
    subjects.release(claim=claim, to_at=world.instant("2026-01-07"), actor=world.TESTER)
    subjects.claim(subject="c-01", customer=other, from_at=world.instant("2026-01-07"), actor=world.TESTER)
    # Enough to pay, so that what c-01 gets back is on a document.
    subjects.claim(subject="c-01b", customer=claim.customer, from_at=world.instant("2026-02-01"), actor=world.TESTER)
    use("d", 5000, on="2026-02-03", customer="c-01b", user="w")
    world.bill("2026-03-01")


def rebilled() -> None:
    """A document that showed late usage is voided and billed again."""
    late()
    world.void_invoice("INV-000002")
    world.bill("2026-03-02")


def rebilled_beneath() -> None:
    """The first document is voided while a later one stands, and an event of it was voided since."""
    world.void("a")
    late()
    world.void_invoice("INV-000001")
    world.bill("2026-03-02")


STORIES: list[tuple[Callable[[], None], dict[str, list[Shown]]]] = [
    (
        late,
        {
            "sum": [("INV-000001", "plan", "a b c", ""), ("INV-000002", "plan", "late", "")],
            "count": [("INV-000001", "plan", "a b c", ""), ("INV-000002", "plan", "late", "")],
            "max": [("INV-000001", "plan", "c", ""), ("INV-000002", "plan", "late", "c")],
            "unique_count": [("INV-000001", "plan", "a c", ""), ("INV-000002", "plan", "late", "")],
        },
    ),
    (
        void,
        {
            "sum": [("INV-000002", "plan", "", "c"), ("INV-000002", "plan", "d", "")],
            "max": [("INV-000002", "plan", "b", "c"), ("INV-000002", "plan", "d", "")],
        },
    ),
    (
        plan_change,
        {
            name: [("INV-000002", "plan", "", "c"), ("INV-000002", "other", "c", "")]
            for name in ("sum", "tiers", "unique_count")
        },
    ),
    (plan_changes_and_late, {"sum": [("INV-000002", "plan", "", "b c"), ("INV-000002", "third", "b late", "")]}),
    (ended, {"sum": [("INV-000002", "plan", "d", "b c")]}),
    (moved, {"sum": [("INV-000003", "plan", "b c", ""), ("INV-000002", "plan", "", "b c")]}),
    (
        rebilled,
        {
            "sum": [("INV-000002", "plan", "late", ""), ("INV-000003", "plan", "late", "")],
            "max": [("INV-000002", "plan", "late", "c"), ("INV-000003", "plan", "late", "c")],
        },
    ),
    (rebilled_beneath, {"sum": [("INV-000002", "plan", "late", "a"), ("INV-000003", "plan", "a b c", "")]}),
]


@pytest.mark.parametrize(("story", "expected"), STORIES, ids=lambda one: getattr(one, "__name__", ""))
def test_a_line_names_what_was_added_and_what_was_taken_away(
    story: Callable[[], None], expected: dict[str, list[Shown]]
) -> None:
    story()
    found = defaultdict[str, list[Shown]](list)
    for invoice in Invoice.objects.order_by("sequence"):
        document = view.document(invoice)
        for line in invoice.lines.order_by("position"):
            evidence = explain.line(invoice, line.position)
            summed = sum(one.quantity for one in explain.events(evidence))
            assert format_pico(summed) == document["lines"][line.position - 1]["quantity"], (story, line)
            shown = (str(invoice.number), line.key.price.version.plan.key, *_changes(evidence))
            found[line.key.price.key].append(shown)
    for price, several in expected.items():
        assert [one for one in several if one not in found[price]] == [], found[price]


def _changes(found: explain.Evidence) -> tuple[str, str]:
    added, taken = (" ".join(one.id for one in explain.events(found, sign=sign)) for sign in (1, -1))
    return added, taken


def test_tokens_that_a_plan_change_moved_are_shown_for_the_days_that_it_moved() -> None:
    plan_change()
    document = world.document("INV-000002")
    periods = {
        (line["quantity"], line["service_period"]["start"], line["service_period"]["end"])
        for line in document["lines"]
        if line["price"] == "sum"
    }
    assert ("-300", "2026-01-11", "2026-02-01") in periods
