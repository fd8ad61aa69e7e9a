"""From which instant on something may have changed since a tree was last billed (billing rules §3.5)."""

from __future__ import annotations

import pytest

from billing import reach
from billing.evaluation import KnowledgePoint, TreeFacts
from billing.runs import services as runs
from core.actor import Actor
from core.models import Tenant
from core.period import BEGINNING
from customers import selectors, subjects
from metering import watermark
from tests.billing import small
from tests.billing.small import FEE, TOKENS, use
from tests.support import world
from tests.support.world import instant

THROUGH = instant("2026-03-01")


@pytest.fixture(autouse=True)
def billed(books: Tenant) -> None:
    """Two customers with usage in January and February, billed through 1 March."""
    small.agree(TOKENS, FEE, customers=[world.customer(), world.customer("c-02")])
    for customer in ("c-01", "c-02"):
        use(f"jan-{customer}", 10, customer=customer)
        use(f"feb-{customer}", 10, on="2026-02-10", customer=customer)
    world.bill("2026-03-01")


def _since(facts: TreeFacts) -> tuple[object, bool]:
    """(from when on something may have changed, whether anything has)."""
    return reach.since([facts])[facts.tree_id], facts.tree_id in reach.changed([facts])


def test_where_nothing_came_only_what_falls_due_later_is_looked_at() -> None:
    """Where nothing reaches, booked is due."""
    assert _since(small.facts()) == (THROUGH, False)


@pytest.mark.parametrize(
    ("news", "since"),
    [
        (lambda: use("late", 1, on="2026-01-20"), "2026-01-20T12:00:00"),
        (lambda: use("next", 1, on="2026-03-20"), "2026-03-01"),
        (lambda: world.void("feb-c-01"), "2026-02-10T12:00:00"),
        (lambda: world.void("jan-c-01"), "2026-01-10T12:00:00"),
        (lambda: world.change(on="2026-02-05", end=True), "2026-02-05"),
        (lambda: world.change(on="2026-05-05", end=True), "2026-03-01"),
    ],
    ids=["late usage", "usage to come", "void", "older void", "back-dated amendment", "amendment to come"],
)
def test_news_reach_back_to_the_instant_that_they_are_about(news: object, since: str) -> None:
    before = small.point()
    news()  # type: ignore[operator]
    assert _since(small.facts()) == (instant(since), True)
    assert _since(small.facts("c-02")) == (THROUGH, False)
    # As it was known before, nothing has changed.
    assert _since(small.facts(known=before)) == (THROUGH, False)


def test_of_several_news_the_earliest_counts() -> None:
    use("late", 1, on="2026-02-20")
    world.change(on="2026-02-15", end=True)
    use("later", 1, on="2026-02-25")
    assert _since(small.facts()) == (instant("2026-02-15"), True)


def test_a_void_of_what_never_came_changes_nothing() -> None:
    """A void may come before its target: it counts once the event does."""
    world.void("unknown")
    assert _since(small.facts()) == (THROUGH, False)


def test_usage_that_a_new_claim_brings_reaches_back_to_the_claim(actor: Actor) -> None:
    use("orphan", 5, on="2026-01-25", customer="app")
    assert _since(small.facts()) == (THROUGH, False)
    world.bill("2026-03-01")
    owner = selectors.customer("c-01")
    subjects.claim(subject="app", customer=owner, from_at=instant("2026-01-21"), actor=actor)
    assert _since(small.facts()) == (instant("2026-01-21"), True)


def test_a_tree_that_was_never_billed_is_looked_at_from_the_beginning() -> None:
    signed = {"key": "s-03", "customer": "c-03", "plan": "plan", "start": world.day("2026-02-01")}
    world.apply({"customers": [world.customer("c-03"), world.customer("c-04")], "subscriptions": [signed]})
    assert _since(small.facts("c-03")) == (BEGINNING, True)
    assert _since(small.facts("c-04")) == (BEGINNING, False)


def test_several_trees_are_asked_about_together_each_from_its_own_state() -> None:
    """A tree billed later, at a higher watermark, does not hide news from one billed earlier."""
    use("late-1", 1, on="2026-01-20")
    use("late-2", 1, on="2026-01-25", customer="c-02")
    runs.bill(through=world.day("2026-03-01"), actor=world.TESTER, customer=selectors.customer("c-02"))
    several = [small.facts(one) for one in ("c-01", "c-02")]
    assert reach.since(several) == {
        several[0].tree_id: instant("2026-01-20T12:00:00"),
        several[1].tree_id: THROUGH,
    }
    assert reach.changed(several) == {several[0].tree_id}


def test_a_point_below_the_books_reaches_nowhere() -> None:
    """A parked run's old watermark must not look like news."""
    facts = small.facts(known=KnowledgePoint(0, 0))
    assert (facts.known.watermark, watermark.latest()) != (watermark.latest(), 0)
    assert _since(facts) == (THROUGH, False)
