"""Due minus booked, posted with its evidence: the only writer of charges."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import charges
from billing.booking import Difference
from billing.evaluation import KnowledgePoint
from billing.evidence import ENGINE, read_rated
from billing.keys import charge_id
from billing.models import Charge, ChargeKeyRow, TreeState
from contracts.models import BilledPeriod
from core.access.scope import tenant_id
from core.actor import Actor
from core.db.transaction import atomic
from core.models import Tenant
from core.money import PICO, format_pico, to_pico
from customers import selectors, trees
from customers.models import Customer
from customers.services import set_bill_to
from ledger import selectors as books_
from ledger.chart import Code
from tests.billing import small
from tests.billing.small import FEE, SEATS, TOKENS, evaluated, use
from tests.support import world
from tests.support.undoing import undone
from tests.support.world import instant

AT = instant("2026-02-01")


@pytest.fixture(autouse=True)
def agreed(books: Tenant) -> None:
    small.agree(TOKENS, FEE)
    use("e-1", 10)


def _book(through: str = "2026-02-01", *, known: KnowledgePoint | None = None) -> list[str]:
    """What was posted, as `price segment #n amount`."""
    point = known or small.point()  # taken before the lock, as runs do
    with atomic():
        trees.lock_one(small.tree().id)
        return _told(charges.book([evaluated(through, known=point)], run=None, at=AT))


def _told(found: Sequence[Difference]) -> list[str]:
    prices = {row.id: row.price.key for row in ChargeKeyRow.objects.select_related("price")}
    return sorted(f"{prices[one.id]} {one.key.segment_start:%m-%d} #{one.n} {format_pico(one.amount)}" for one in found)


def test_what_is_due_is_booked_once() -> None:
    assert _book() == ["fee 01-01 #0 310", "fee 02-01 #0 310", "tokens 01-01 #0 1"]
    assert _book() == []
    assert (world.balance(1200), world.balance(2000), world.balance(4000)) == ("621", "-620", "-1")


def test_later_only_the_difference_is_under_the_keys_next_n() -> None:
    _book()
    use("late", 5)
    world.change(on="2026-01-16", end=True)
    assert _book() == ["fee 01-01 #1 -160", "fee 02-01 #1 -310", "tokens 01-01 #1 0.5"]
    assert world.exact() == {"s-01 plan.fee 01-01": "150", "s-01 plan.tokens 01-01": "1.5"}
    assert _book() == []


def test_there_and_back_is_two_transfers_and_no_replay() -> None:
    """§1.4: n counts what the key already has."""
    _book()
    use("late", 5)
    _book()
    world.void("late")
    assert _book() == ["tokens 01-01 #2 -0.5"]


def test_at_an_earlier_knowledge_point_nothing_is_taken_back() -> None:
    """A stale plan finds that what it knew is booked already: its amounts differ only by what came since."""
    known = small.point()
    _book()
    assert _book(known=known) == []


def test_a_charge_is_the_evidence_of_the_transfer_that_shares_its_id() -> None:
    use("late-e", 5, on="2026-01-11")
    _book()
    charge = Charge.objects.select_related("key").get(key__price__key="tokens")
    assert charge.id == charge_id(tenant_id(), charge.key_id, instant("2026-01-01"), 0)
    (held,) = books_.booked([charge.key_id]).values()
    assert (held.amount, held.transfers) == (charge.amount, 1)
    assert (charge.amount, charge.quantity, charge.event_count) == (3 * PICO // 2, 15 * PICO, 2)
    assert (charge.late_count, charge.late, charge.engine) == (0, False, ENGINE)
    assert (charge.service_start, charge.service_end, charge.due_from) == (instant("2026-01-01"), AT, AT)
    assert charge.spans == [["c-01", "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"]]
    assert to_pico(read_rated(charge.rated).amount) == charge.amount
    known = small.point()
    assert (charge.watermark, charge.fact) == (known.watermark, known.fact)


def test_usage_after_the_periods_first_bill_is_late() -> None:
    """Against its own period's bill: the advance fee of February makes none of its usage late."""
    _book()
    use("feb", 3, on="2026-02-02")
    use("late", 5)
    _book("2026-03-01")
    told = Charge.objects.filter(key__price__key="tokens").order_by("key__period_start", "n")
    assert list(told.values_list("late", "late_count", "event_count")) == [(False, 0, 1), (True, 1, 2), (False, 0, 1)]


def test_a_correction_that_late_usage_did_not_cause_is_not_late() -> None:
    _book()
    world.void("e-1")
    _book()
    last = Charge.objects.filter(key__price__key="tokens").order_by("n").last()
    assert last is not None
    assert (last.amount, last.late, last.quantity, last.event_count) == (-PICO, False, 0, 0)


def test_how_far_the_tree_is_billed_is_kept() -> None:
    _book()
    state, known = TreeState.objects.get(), small.point()
    assert (state.fact, state.watermark, state.through, state.version) == (known.fact, known.watermark, AT, 1)
    _book("2026-01-15")
    state.refresh_from_db()
    assert (state.through, state.version) == (AT, 2)


def test_booking_undone_leaves_nothing() -> None:
    known = small.point()
    with undone():
        trees.lock_one(small.tree().id)
        assert charges.book([evaluated("2026-02-01", known=known)], run=None, at=AT)
    assert not Charge.objects.exists()
    assert not BilledPeriod.objects.exists()
    assert world.balance(1200) == "0"


def test_a_correction_stays_with_whoever_paid_when_it_was_first_due(actor: Actor) -> None:
    """§6.3: the payer at the due-from instant is kept with the entry, corrections follow it."""
    world.apply({"customers": [world.customer("c-03", parent="c-01")]})
    child = selectors.customer("c-03")
    signed = {"key": "s-03", "customer": "c-03", "plan": "plan", "start": world.day("2026-01-01")}
    world.apply({"subscriptions": [signed]})
    use("e-3", 20, customer="c-03")
    _book()
    set_bill_to(customer=child, payer=selectors.customer("c-01"), from_at=instant("2026-01-01"), actor=actor)
    use("late-3", 5, customer="c-03")
    use("feb-3", 7, on="2026-02-10", customer="c-03")
    _book("2026-03-01")
    paid = Charge.objects.filter(key__price__key="tokens", key__subscription__key="s-03").order_by("key", "n")
    assert [(row.payer.key, row.amount * 10 // PICO) for row in paid] == [("c-03", 20), ("c-03", 5), ("c-01", 7)]


def test_who_pays_owes_and_who_was_served_earns(actor: Actor) -> None:
    """1200 is the payer's account, 2000 and 4000 the customer's."""
    world.apply({"customers": [world.customer("c-03", parent="c-01", bill_to="c-01")]})
    world.apply(
        {"subscriptions": [{"key": "s-03", "customer": "c-03", "plan": "plan", "start": world.day("2026-01-01")}]}
    )
    _book("2026-01-01")
    root, child = selectors.customer("c-01"), selectors.customer("c-03")
    assert _balances(root, child) == {
        ("c-01", Code.UNBILLED_RECEIVABLE): 620,
        ("c-01", Code.DEFERRED_REVENUE): -310,
        ("c-03", Code.DEFERRED_REVENUE): -310,
    }


def _balances(*customers: Customer) -> dict[tuple[str, int], int]:
    return {
        (one.key, account.code): books_.balance(account) // PICO
        for one in customers
        for account in books_.identities(customer_id=one.id)
    }


def test_reversing_a_charge_makes_its_key_due_again() -> None:
    """§1.4: the reversal is the key's next n and names what it takes back."""
    _book("2026-01-01")
    (row,), known = Charge.objects.select_related("key__subscription", "key__price"), small.point()
    with undone():
        fact = trees.mark(trees.lock_one(small.tree().id), earliest_at=row.key.period_start, cause="test", at=AT)
        (reversal,) = charges.reverse([row], fact=fact, at=AT)
        assert (reversal.n, reversal.amount, reversal.reverses_id, reversal.fact) == (1, -310 * PICO, row.id, fact)
        assert (reversal.rated, reversal.quantity) == ([], 0)
        assert _book("2026-01-01", known=KnowledgePoint(known.watermark, fact)) == ["fee 01-01 #2 310"]
        assert world.exact() == {"s-01 plan.fee 01-01": "310"}


def test_reversing_the_first_of_two_leaves_what_the_second_moved() -> None:
    """The arithmetic beside the reversal is that of the whole key after it."""
    _book()
    use("late", 5)
    _book()
    first, second = Charge.objects.filter(key__price__key="tokens").select_related("key__subscription").order_by("n")
    with undone():
        trees.lock_one(small.tree().id)
        (reversal,) = charges.reverse([first], fact=0, at=AT)
        assert (reversal.n, reversal.amount, reversal.quantity) == (2, -PICO, 5 * PICO)
        assert (reversal.event_count, to_pico(read_rated(reversal.rated).amount)) == (1, second.amount)


def test_reversing_many_charges_asks_no_more_than_reversing_one() -> None:
    """It happens under the tree's lock."""
    _book()
    use("late", 5)
    use("feb", 5, on="2026-02-03")
    _book("2026-03-01")
    rows = list(Charge.objects.select_related("key__subscription", "key__price").order_by("key", "n"))
    late = [row for row in rows if row.n]
    assert (len(late), len(rows) > 3) == (1, True)
    counts = []
    for several in (late, rows):
        with undone():
            trees.lock_one(small.tree().id)
            with CaptureQueriesContext(connection) as asked:
                charges.reverse(several, fact=0, at=AT)
            counts.append(sum("billing_charge" in one["sql"] and one["sql"].startswith("SELECT") for one in asked))
    assert counts[0] == counts[1]


def test_a_change_of_seats_posts_parts_that_add_up() -> None:
    """The parts are differences of cumulative amounts: 14/31 of 60 and 17/31 of 96."""
    signed = {"key": "s-02", "customer": "c-01", "plan": "seats", "start": world.day("2026-01-01")}
    world.apply({"plans": [world.plan("seats", [SEATS])], "subscriptions": [{**signed, "quantities": {"seats": "5"}}]})
    _book("2026-01-01")
    world.change("s-02", on="2026-01-15", seats="8")
    assert _book("2026-01-01") == ["seats 01-01 #1 -32.903225806452", "seats 01-15 #0 52.645161290323"]
    booked = sum(Charge.objects.filter(key__price__key="seats").values_list("amount", flat=True))
    assert booked == to_pico(Fraction(60 * 14 + 96 * 17, 31))
