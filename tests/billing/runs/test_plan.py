"""Which trees are due, up to which cut-offs, and for whose documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from billing.runs.plan import Account, Boundaries, CutOffs, after_the_end, boundaries, boundaries_of
from contracts.cycles import ServicePeriod
from contracts.values import StoredPeriod, SubscriptionFacts
from customers.values import CustomerFacts
from tests.support.agreements import amendment, named, subscription
from tests.support.world import instant

SIGNED = amendment(0, "2026-01-15", plan="plan")
OPEN = subscription(SIGNED, anchor="2026-01-01")
ENDED = subscription(SIGNED, amendment(1, "2026-03-10", end=True), anchor="2026-01-01")
ENDED_WITH_A_PERIOD = subscription(SIGNED, amendment(1, "2026-03-01", end=True), anchor="2026-01-01")
MOVED = subscription(SIGNED, amendment(1, "2026-01-20", plan="B"), anchor="2026-01-01")
C_01, C_02, ROOT = named("c-01"), named("c-02"), named("root")


def _days(instants: set[datetime]) -> list[str]:
    return [f"{one:%m-%d}" if one.time().isoformat() == "00:00:00" else f"{one:%m-%dT%H}" for one in sorted(instants)]


@pytest.mark.parametrize(
    ("agreed", "through", "days"),
    [
        (OPEN, "2026-01-14", []),
        (OPEN, "2026-01-15", ["01-15"]),
        (OPEN, "2026-01-31T23:59:59.999999", ["01-15"]),
        (OPEN, "2026-02-01", ["01-15", "02-01"]),
        (OPEN, "2026-04-15", ["01-15", "02-01", "03-01", "04-01"]),
        # The end is a boundary, and nothing after it.
        (ENDED, "2026-03-09", ["01-15", "02-01", "03-01"]),
        (ENDED, "2026-03-10", ["01-15", "02-01", "03-01", "03-10"]),
        (ENDED, "2026-06-01", ["01-15", "02-01", "03-01", "03-10"]),
        (ENDED_WITH_A_PERIOD, "2026-06-01", ["01-15", "02-01", "03-01"]),
        (subscription(SIGNED, amendment(1, "2026-01-15", end=True)), "2026-06-01", []),
        # What changes in between is no boundary.
        (MOVED, "2026-02-01", ["01-15", "02-01"]),
    ],
)
def test_boundaries_are_where_something_falls_due(agreed: SubscriptionFacts, through: str, days: list[str]) -> None:
    """The starts and ends of periods and the end of the subscription."""
    assert _days(boundaries_of(agreed, zone="UTC", through=instant(through))) == days


def test_boundaries_are_in_the_customers_zone_and_as_stored() -> None:
    """§2.9: a stored period keeps its bounds; the new zone acts from its end."""
    agreed = subscription(amendment(0, "2025-12-31T22:00:00", plan="plan"), anchor="2026-01-01")
    found = boundaries_of(agreed, zone="Europe/Athens", through=instant("2026-04-05"))
    assert _days(found) == ["12-31T22", "01-31T22", "02-28T22", "03-31T21"]
    bounds = instant("2026-01-15"), instant("2026-02-10")
    first = ServicePeriod(*bounds, *bounds, "UTC")
    stored = subscription(SIGNED, anchor="2026-01-01", stored=[StoredPeriod(first, 1)])
    assert _days(boundaries_of(stored, zone="UTC", through=instant("2026-03-05"))) == ["01-15", "02-10", "03-01"]


@pytest.mark.parametrize(
    ("agreed", "through", "later"),
    [
        (OPEN, "2026-06-15", None),
        (ENDED, "2026-03-09", None),
        (ENDED, "2026-03-10", None),
        (ENDED, "2026-03-31", None),
        (ENDED, "2026-04-01", "2026-04-01"),
        (ENDED, "2026-06-15", "2026-06-01"),
    ],
)
def test_an_ended_subscription_keeps_its_rhythm(agreed: SubscriptionFacts, through: str, later: str | None) -> None:
    """So that what still comes finds a next document."""
    assert after_the_end(agreed, zone="UTC", through=instant(through)) == (instant(later) if later else None)


def _customer(identity: UUID, **more: object) -> CustomerFacts:
    said = {"key": "", "tree_id": ROOT, "parent_id": ROOT, "time_zone": "UTC", "consolidate": False, **more}
    return CustomerFacts(id=identity, **said)  # type: ignore[arg-type]


def _found(
    *agreed: SubscriptionFacts,
    through: str = "2026-03-01",
    payers: Mapping[UUID, frozenset[UUID]] | None = None,
    last: Mapping[Account, str] | None = None,
    reopened: Mapping[Account, list[str]] | None = None,
    waiting: frozenset[Account] = frozenset(),
    customers: Mapping[UUID, CustomerFacts] | None = None,
) -> Boundaries:
    known = customers or {C_01: _customer(C_01)}
    return boundaries(
        agreed or (OPEN,),
        customers=known,
        through=dict.fromkeys(known, instant(through)),
        payers=payers or {},
        cut_offs=CutOffs(
            last={account: instant(at) for account, at in (last or {}).items()},
            reopened={account: frozenset(map(instant, several)) for account, several in (reopened or {}).items()},
            waiting=waiting,
        ),
    )


def _shown(found: Boundaries) -> dict[str, list[str]]:
    """By cut-off: who gets a document, in its currency."""
    names = {C_01: "c-01", C_02: "c-02", ROOT: "root"}
    return {
        f"{at:%m-%d}": sorted(f"{names[payer]} {currency}" for payer, currency in accounts)
        for at, accounts in found.accounts.items()
    }


USD = (C_01, "USD")


def test_every_boundary_is_a_cut_off_where_there_was_none_before() -> None:
    found = _found()
    assert _shown(found) == {"01-15": ["c-01 USD"], "02-01": ["c-01 USD"], "03-01": ["c-01 USD"]}
    assert found.passed_over == frozenset()


@pytest.mark.parametrize(
    ("last", "days", "passed"),
    [
        ("2026-01-15", ["02-01", "03-01"], ["01-15"]),
        ("2026-02-01", ["03-01"], ["01-15", "02-01"]),
        ("2026-02-15", ["03-01"], ["01-15", "02-01"]),
        ("2026-03-01", [], ["01-15", "02-01", "03-01"]),
        ("2026-09-01", [], ["01-15", "02-01", "03-01"]),
    ],
)
def test_cut_offs_only_go_forward(last: str, days: list[str], passed: list[str]) -> None:
    """§6.1: earlier cut-offs finalize first; a boundary that is passed over only books differences."""
    found = _found(last={USD: last})
    assert (list(_shown(found)), _days(set(found.passed_over))) == (days, passed)


def test_another_currency_has_cut_offs_of_its_own() -> None:
    assert list(_shown(_found(last={(C_01, "EUR"): "2026-09-01"}))) == ["01-15", "02-01", "03-01"]


def test_a_voided_documents_cut_off_is_made_again_whatever_the_boundaries_are_by_now() -> None:
    found = _found(last={USD: "2026-03-01"}, reopened={USD: ["2026-02-01", "2026-01-20"]})
    assert _shown(found) == {"01-20": ["c-01 USD"], "02-01": ["c-01 USD"]}
    later = _found(last={USD: "2026-05-01"}, reopened={USD: ["2026-05-01"]})
    assert _shown(later) == {}
    strangers = _found(last={USD: "2026-03-01"}, reopened={(named("stranger"), "USD"): ["2026-02-01"]})
    assert _shown(strangers) == {}


def test_whoever_pays_at_a_boundary_gets_its_document() -> None:
    """And whoever was charged for the subscription before: corrections of that are theirs."""
    child = _customer(C_01, bill_tos=((instant("2026-02-01"), ROOT),))
    known = {C_01: child, ROOT: _customer(ROOT, parent_id=None)}
    assert _shown(_found(customers=known)) == {"01-15": ["c-01 USD"], "02-01": ["root USD"], "03-01": ["root USD"]}
    charged = {OPEN.id: frozenset({C_01})}
    assert _shown(_found(customers=known, payers=charged)) == {
        "01-15": ["c-01 USD"],
        "02-01": ["c-01 USD", "root USD"],
        "03-01": ["c-01 USD", "root USD"],
    }


def test_consolidated_customers_share_a_document_of_whoever_pays_for_the_parent() -> None:
    known = {
        C_01: _customer(C_01, consolidate=True),
        C_02: _customer(C_02, consolidate=True),
        ROOT: _customer(ROOT, parent_id=None),
    }
    theirs = _of(C_02, subscription(amendment(0, "2026-02-01", plan="plan"), key="s-02"))
    assert _shown(_found(OPEN, theirs, customers=known)) == {
        "01-15": ["root USD"],
        "02-01": ["root USD"],
        "03-01": ["root USD"],
    }


def _of(customer: UUID, agreed: SubscriptionFacts) -> SubscriptionFacts:
    return msgspec.structs.replace(agreed, customer_id=customer)


@pytest.mark.parametrize(("waits", "days"), [(True, ["05-01"]), (False, [])])
def test_after_the_end_only_what_waits_for_a_document_gets_one(waits: bool, days: list[str]) -> None:
    found = _found(
        ENDED,
        through="2026-05-15",
        payers={ENDED.id: frozenset({C_01})},
        last={USD: "2026-03-10"},
        waiting=frozenset({USD}) if waits else frozenset(),
    )
    assert list(_shown(found)) == days


def test_each_customer_is_billed_up_to_its_own_instant() -> None:
    """A day begins earlier in the east."""
    known = {C_01: _customer(C_01), C_02: _customer(C_02)}
    other = _of(C_02, subscription(SIGNED, anchor="2026-01-01", key="s-02"))
    found = boundaries(
        [OPEN, other],
        customers=known,
        through={C_01: instant("2026-02-01"), C_02: instant("2026-01-31T20:00:00")},
        payers={},
        cut_offs=CutOffs(last={}, reopened={}, waiting=frozenset()),
    )
    assert _shown(found) == {"01-15": ["c-01 USD", "c-02 USD"], "02-01": ["c-01 USD"]}
