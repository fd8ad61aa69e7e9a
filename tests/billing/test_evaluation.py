"""What trees owe at a knowledge point: usage up to a watermark, facts up to a number (billing rules §3.6)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.evaluation import KnowledgePoint, evaluate, load
from core.actor import Actor
from core.models import Tenant
from core.money import PICO
from customers import selectors, subjects
from tests.billing import small
from tests.billing.small import FEE, SEATS, TOKENS, amounts, evaluated, use
from tests.support import world
from tests.support.world import instant

BILLED = ["tokens 01-01 1", "fee 01-01 310", "fee 02-01 310"]
pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture
def agreed(books: Tenant) -> None:
    small.agree(TOKENS, FEE)
    use("e-1", 10)


@pytest.mark.usefixtures("agreed")
def test_what_is_owed_through_an_instant() -> None:
    found = evaluated("2026-02-01")
    assert amounts(found) == BILLED
    assert found.reached == {
        (found.facts.subscriptions[0].id, instant(start)) for start in ("2026-01-01", "2026-02-01")
    }
    assert found.lines[0].usage.count == 1


@pytest.mark.usefixtures("agreed")
def test_an_earlier_point_does_not_see_what_came_later(actor: Actor) -> None:
    """Neither later usage and voids nor later amendments and claims: evaluated again it is the same."""
    known = small.point()
    use("e-2", 5)
    world.void("e-1")
    world.change(on="2026-01-16", end=True)
    use("orphan", 3, customer="app")
    subjects.claim(subject="app", customer=selectors.customer("c-01"), actor=actor)

    assert amounts(evaluated("2026-02-01", known=known)) == BILLED
    assert amounts(evaluated("2026-02-01")) == ["tokens 01-01 0.8", "fee 01-01 150"]


@pytest.mark.usefixtures("agreed")
def test_watermark_and_facts_are_two_clocks() -> None:
    before = small.point()
    use("e-2", 5)
    world.change(on="2026-01-16", end=True)
    after = small.point()
    usage_only = KnowledgePoint(after.watermark, before.fact)
    facts_only = KnowledgePoint(before.watermark, after.fact)
    assert amounts(evaluated("2026-02-01", known=usage_only)) == ["tokens 01-01 1.5", *BILLED[1:]]
    assert amounts(evaluated("2026-02-01", known=facts_only)) == ["tokens 01-01 1", "fee 01-01 150"]


@pytest.mark.usefixtures("agreed")
def test_before_a_subscription_was_signed_nothing_is_owed() -> None:
    facts = small.facts(known=KnowledgePoint(small.point().watermark, 2))
    assert facts.subscriptions == ()


@pytest.mark.usefixtures("agreed")
def test_only_periods_within_reach_are_evaluated_unless_the_whole_is_wanted() -> None:
    """Late usage of January brings January back, February stays untouched by it as a whole period after it."""
    world.bill("2026-03-01")
    assert amounts(evaluated("2026-03-01")) == ["fee 03-01 310"]
    whole = ["tokens 01-01 1", "fee 01-01 310", "tokens 02-01 0", "fee 02-01 310", "fee 03-01 310"]
    assert amounts(evaluated("2026-03-01", whole=True)) == whole
    use("late", 7, on="2026-02-20")
    assert amounts(evaluated("2026-03-01")) == ["tokens 02-01 0.7", "fee 02-01 310", "fee 03-01 310"]


@pytest.mark.usefixtures("agreed")
def test_an_earlier_end_takes_nothing_back() -> None:
    """What was due once stays in the sum."""
    world.bill("2026-03-01")
    assert evaluated("2026-01-15").through == instant("2026-03-01")


def test_usage_of_many_trees_is_read_in_one_statement_for_each_meter() -> None:
    """However many customers: what would be a query each is what makes a month end slow."""
    keys = [f"c-{n:02}" for n in range(1, 9)]
    small.agree(TOKENS, customers=[world.customer(key) for key in keys])
    for n, key in enumerate(keys):
        use(f"e-{key}", n, customer=key)
    points = {small.tree(key).id: small.point(key) for key in keys}
    with CaptureQueriesContext(connection) as captured:
        found = evaluate(load(points), through=instant("2026-02-01"))
    assert sorted(one.lines[0].amount for one in found) == [n * PICO // 10 for n in range(8)]
    reading = [query["sql"] for query in captured.captured_queries if "metering_event" in query["sql"]]
    assert len(reading) == 1
    assert len(captured.captured_queries) < 20


def test_dimensions_and_quantities_are_told_apart() -> None:
    small.agree(TOKENS, SEATS, group_by=["model"], quantities={"seats": "5"})
    use("e-1", 10, model="a")
    use("e-2", 20, model="")
    use("e-3", 30)
    found = evaluated("2026-02-01")
    by_model = {line.key.dimensions: line.amount for line in found.lines if line.price.key == "tokens"}
    assert by_model == {
        (("model", "a"),): PICO,
        (("model", ""),): 2 * PICO,
        (("model", None),): 3 * PICO,
    }
    assert [line.usage.quantity for line in found.lines if line.price.key == "seats"] == [5 * PICO, 5 * PICO]
