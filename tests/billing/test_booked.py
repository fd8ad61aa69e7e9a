"""What the books hold of each charge key, and how far that is from what is due."""

from __future__ import annotations

import pytest

from billing.booked import BooksDiffer, difference_of, key_of, last_charges
from billing.keys import key_id
from billing.models import Charge, ChargeKeyRow
from core.access.scope import tenant_id
from core.models import Tenant
from core.money import format_pico
from tests.billing import small
from tests.billing.small import FEE, TOKENS, evaluated, use
from tests.support import world
from tests.support.corrupting import corrupted


@pytest.fixture(autouse=True)
def booked(books: Tenant) -> None:
    small.agree(TOKENS, FEE, customers=[world.customer(), world.customer("c-02")], group_by=["model"])
    use("e-1", 10, model="a")
    use("e-2", 20)
    use("e-3", 30, customer="c-02")
    small.book("c-01", "c-02", through="2026-02-01")


def _differences(through: str = "2026-02-01", *, whole: bool = True) -> list[str]:
    found = evaluated(through, whole=whole)
    return [
        f"{one.key.segment_start:%m-%d} #{one.n} {format_pico(one.amount)}"
        for one in difference_of([found])[found.facts.tree_id]
    ]


def test_once_booked_nothing_differs() -> None:
    assert _differences() == []


def test_what_is_due_is_set_against_the_sum_of_each_keys_transfers() -> None:
    use("late", 5, model="a")
    small.book("c-01", through="2026-02-01")
    use("later", 7, model="a")
    assert _differences() == ["01-01 #2 0.7"]


def test_what_is_booked_and_not_due_any_more_differs_too() -> None:
    world.change(on="2026-01-01", end=True, reason="never used")
    assert sorted(_differences()) == ["01-01 #1 -1", "01-01 #1 -2", "01-01 #1 -310", "02-01 #1 -310"]


def test_only_the_periods_that_were_evaluated_are_compared() -> None:
    """A key outside of reach is not on either side."""
    world.change(on="2026-02-10", end=True)
    assert _differences(whole=False) == ["02-01 #1 -210.357142857143"]


def test_a_keys_row_names_it_whole() -> None:
    """Its id can be derived again from the row, absent dimensions included."""
    rows = list(ChargeKeyRow.objects.all())
    assert {row.id for row in rows} == {key_id(tenant_id(), key_of(row)) for row in rows}
    assert {key_of(row).dimensions for row in rows} == {(), (("model", "a"),), (("model", None),)}


def test_the_last_charge_of_each_key_is_the_one_with_the_greatest_n() -> None:
    use("late", 5, model="a")
    small.book("c-01", through="2026-02-01")
    found = last_charges(ChargeKeyRow.objects.values_list("id", flat=True))
    assert set(found) == set(ChargeKeyRow.objects.values_list("id", flat=True))
    assert sorted(one.n for one in found.values()) == [0] * (len(found) - 1) + [1]


@pytest.mark.parametrize("table", ["ledger_transfer", "billing_charge"])
def test_books_and_evidence_that_differ_are_refused(table: str) -> None:
    """It is a matter for `verify`, not to be guessed at: nothing is booked on top of it."""
    use("late", 5, model="a")
    small.book("c-01", through="2026-02-01")
    charge, known = Charge.objects.get(n=1), small.point()
    with corrupted(f"DELETE FROM {table} WHERE id = '{charge.id}'"), pytest.raises(BooksDiffer) as refused:
        difference_of([evaluated("2026-02-01", whole=True, known=known)])
    assert (refused.value.code, refused.value.facts) == ("books_differ", {"key": charge.key_id})
