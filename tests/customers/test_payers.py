"""Who pays for a customer at an instant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from customers.payers import payer_of
from customers.values import CustomerFacts
from tests.support.world import instant

ROOT, CHILD, GRANDCHILD, FRIEND = (UUID(int=n) for n in range(1, 5))
JANUARY, FEBRUARY, MARCH = (instant(f"2026-{month:02}-01") for month in (1, 2, 3))
BillTos = tuple[tuple[datetime, UUID], ...]


def _facts(identity: UUID, parent: UUID | None, *, consolidate: bool = False, bill_tos: BillTos = ()) -> CustomerFacts:
    return CustomerFacts(
        id=identity,
        key=str(identity.int),
        tree_id=ROOT,
        parent_id=parent,
        time_zone="UTC",
        consolidate=consolidate,
        bill_tos=bill_tos,
    )


def _payer(*customers: CustomerFacts, at: datetime = FEBRUARY) -> UUID:
    """Who pays for the last of them."""
    return payer_of(customers[-1].id, at=at, customers={one.id: one for one in customers})


@pytest.mark.parametrize(
    ("child", "payer"),
    [
        (_facts(CHILD, ROOT), CHILD),
        (_facts(CHILD, ROOT, consolidate=True), ROOT),
        (_facts(CHILD, ROOT, bill_tos=((JANUARY, FRIEND),)), FRIEND),
        (_facts(CHILD, ROOT, consolidate=True, bill_tos=((JANUARY, CHILD),)), CHILD),
        (_facts(CHILD, ROOT, consolidate=True, bill_tos=((MARCH, FRIEND),)), ROOT),
    ],
)
def test_a_bill_to_in_force_wins_then_the_parent_where_consolidated_then_the_customer(
    child: CustomerFacts, payer: UUID
) -> None:
    assert _payer(_facts(ROOT, None), child) == payer


@pytest.mark.parametrize(
    ("bill_tos", "payer"),
    [
        (((JANUARY, ROOT), (FEBRUARY, FRIEND)), FRIEND),
        (((FEBRUARY, FRIEND), (JANUARY, ROOT)), FRIEND),
        (((FEBRUARY, ROOT), (FEBRUARY, FRIEND)), FRIEND),
        (((FEBRUARY, FRIEND), (JANUARY, CHILD), (FEBRUARY, ROOT)), ROOT),
        (((JANUARY, FRIEND), (MARCH, ROOT)), FRIEND),
    ],
)
def test_of_several_the_latest_start_wins_and_of_equal_starts_the_latest_fact(bill_tos: BillTos, payer: UUID) -> None:
    """An earlier one that is recorded later does not take over what starts after it."""
    assert _payer(_facts(CHILD, ROOT, bill_tos=bill_tos)) == payer


@pytest.mark.parametrize(
    ("at", "payer"), [("2026-01-31T23:59:59.999999", CHILD), ("2026-02-01", FRIEND), ("2030-01-01", FRIEND)]
)
def test_it_counts_from_its_first_instant_on(at: str, payer: UUID) -> None:
    assert _payer(_facts(CHILD, ROOT, bill_tos=((FEBRUARY, FRIEND),)), at=instant(at)) == payer


def test_consolidation_goes_up_until_somebody_pays() -> None:
    """Whoever pays for the parent pays for the child."""
    child = _facts(CHILD, ROOT, consolidate=True)
    grandchild = _facts(GRANDCHILD, CHILD, consolidate=True)
    assert _payer(_facts(ROOT, None), child, grandchild) == ROOT
    assert _payer(_facts(ROOT, None, bill_tos=((JANUARY, FRIEND),)), child, grandchild) == FRIEND
    assert _payer(_facts(ROOT, None), _facts(CHILD, ROOT), grandchild) == CHILD


def test_a_root_that_consolidates_pays_for_itself() -> None:
    assert _payer(_facts(ROOT, None, consolidate=True)) == ROOT


def test_whoever_is_billed_pays_in_person() -> None:
    """A bill-to is not followed further: the payer's own bill-to is for what the payer uses."""
    root = _facts(ROOT, None, bill_tos=((JANUARY, FRIEND),))
    assert _payer(root, _facts(CHILD, None, bill_tos=((JANUARY, ROOT),))) == ROOT
