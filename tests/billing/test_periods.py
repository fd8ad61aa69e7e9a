"""Which service periods a booking stores, and from when on their usage is late."""

from __future__ import annotations

import pytest

from contracts.models import BilledPeriod
from core.models import Tenant
from metering import watermark
from tests.billing import small
from tests.billing.small import FEE, TOKENS, use
from tests.support import world

pytestmark = pytest.mark.usefixtures("books")


def _stored() -> list[str]:
    """Each stored period as `start..end`, and `at n` where its usage was billed at the n-th of the marks seen."""
    rows = list(BilledPeriod.objects.order_by("start_at"))
    marks = sorted({row.first_watermark for row in rows if row.first_watermark is not None})
    return [
        f"{row.start_at:%m-%d}..{row.end_at:%m-%d}"
        + ("" if row.first_watermark is None else f" at {marks.index(row.first_watermark)}")
        for row in rows
    ]


def test_every_period_of_which_something_is_due_is_stored_with_those_before_it() -> None:
    """An advance fee stores its period before any usage of it is billed."""
    small.agree(TOKENS, FEE)
    use("e-1", 1)
    small.book("c-01", through="2026-03-15")
    assert _stored() == ["01-01..02-01 at 0", "02-01..03-01 at 0", "03-01..04-01"]
    assert BilledPeriod.objects.order_by("start_at")[0].first_watermark == watermark.take()


def test_the_watermark_of_a_periods_first_bill_is_kept_for_good() -> None:
    """What comes in above it came late, however often the period is billed again."""
    small.agree(TOKENS, FEE)
    use("e-1", 1)
    small.book("c-01", through="2026-02-01")
    use("late", 1)
    use("e-2", 1, on="2026-02-10")
    small.book("c-01", through="2026-03-01")
    assert _stored() == ["01-01..02-01 at 0", "02-01..03-01 at 1", "03-01..04-01"]


def test_a_period_without_anything_to_bill_is_stored_all_the_same_where_a_later_one_is() -> None:
    """They tile: usage of nothing in January, something in February."""
    small.agree(TOKENS)
    use("e-1", 1, on="2026-02-10")
    small.book("c-01", through="2026-03-01")
    assert _stored() == ["01-01..02-01 at 0", "02-01..03-01 at 0"]


def test_a_move_of_the_zone_acts_from_where_the_stored_periods_end(books: Tenant) -> None:
    """§2.9: the stub under a day joins the period after it."""
    small.agree(FEE)
    small.book("c-01", through="2026-02-01")
    world.apply({"customers": [world.customer(time_zone="Asia/Kolkata")]})
    small.book("c-01", through="2026-04-01")
    rows = BilledPeriod.objects.order_by("start_at")
    bounds = [f"{row.start_at:%m-%dT%H:%M}..{row.end_at:%m-%dT%H:%M}" for row in rows]
    assert bounds == [
        "01-01T00:00..02-01T00:00",
        "02-01T00:00..03-01T00:00",
        "03-01T00:00..03-31T18:30",
        "03-31T18:30..04-30T18:30",
    ]


def test_an_ended_subscriptions_last_period_is_billed_at_its_end() -> None:
    small.agree(TOKENS, FEE)
    use("e-1", 1)
    world.change(on="2026-01-20", end=True)
    small.book("c-01", through="2026-01-20")
    assert _stored() == ["01-01..02-01 at 0"]
