"""Whom the subject of a usage event means, and from when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from contracts.models import Subscription
from core.actor import Actor
from core.errors import InvalidValue
from core.models import AuditRecord, Tenant
from core.period import BEGINNING, FOREVER, Period
from customers import selectors, subjects
from customers.models import Claim, Customer, Mark, Subject
from customers.subjects import SubjectTaken
from customers.values import ClaimedSubject
from tests.support import world
from tests.support.processes import at_once
from tests.support.tenants import another_tenant
from tests.support.world import TESTER, instant

JANUARY, FEBRUARY, MARCH, APRIL = (instant(f"2026-{month:02}-01") for month in range(1, 5))


@pytest.fixture(autouse=True)
def customers(books: Tenant) -> None:
    """Two customers without subjects; the first has two subscriptions."""
    signed = {"customer": "c-01", "plan": "flat", "start": world.day("2026-01-01")}
    world.apply(
        {
            "customers": [world.customer("c-01", subjects=[]), world.customer("c-02", subjects=[])],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [world.plan("flat", [{"key": "fee", "model": "flat", "amount": "10"}])],
            "subscriptions": [{"key": "s-01", **signed}, {"key": "s-02", **signed}],
        }
    )


def _claim(customer: str = "c-01", *, narrow: str | None = None, **fields: Any) -> Claim:
    """The subject `app` claimed, by one subscription alone where it is named."""
    only = Subscription.objects.get(key=narrow).id if narrow else None
    owner = selectors.customer(customer)
    return subjects.claim(subject="app", customer=owner, subscription_id=only, actor=TESTER, **fields)


def _marks(customer: str = "c-01") -> int:
    return Mark.objects.filter(tree=selectors.customer(customer).tree).count()


def test_a_claim_is_a_fact_about_the_tree_and_reaches_from_its_start() -> None:
    claim = _claim(from_at=FEBRUARY)
    mark = Mark.objects.get(tree=claim.customer.tree, number=claim.fact)
    assert (mark.cause, mark.earliest_at) == ("subject.claimed", FEBRUARY)
    assert (claim.to_at, claim.released_fact) == (None, None)
    assert AuditRecord.objects.get(event="subject.claimed").after == {
        "subject": "app",
        "from": FEBRUARY.isoformat(),
        "to": None,
    }


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"from_at": FEBRUARY},
        {"from_at": FEBRUARY, "to_at": MARCH},
        {"from_at": FEBRUARY, "narrow": "s-01"},
    ],
)
def test_the_same_claim_again_changes_nothing(fields: dict[str, Any]) -> None:
    first, marks = _claim(**fields), _marks()
    assert _claim(**fields) == first
    assert (_marks(), Claim.objects.count()) == (marks, 1)


def test_a_claim_that_was_released_since_is_still_the_same_claim(actor: Actor) -> None:
    """Whoever repeats it does not take back what ended it."""
    first = _claim()
    subjects.release(claim=first, to_at=MARCH, actor=actor)
    assert _claim() == first
    assert Claim.objects.get().to_at == MARCH


Span = tuple[datetime, datetime | None]


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ((JANUARY, None), (JANUARY, None), True),
        ((JANUARY, None), (MARCH, None), True),
        ((MARCH, None), (JANUARY, None), True),
        ((JANUARY, MARCH), (FEBRUARY, APRIL), True),
        ((JANUARY, APRIL), (FEBRUARY, MARCH), True),
        ((FEBRUARY, MARCH), (JANUARY, APRIL), True),
        ((JANUARY, FEBRUARY), (FEBRUARY, MARCH), False),
        ((FEBRUARY, None), (JANUARY, FEBRUARY), False),
        ((JANUARY, FEBRUARY), (MARCH, None), False),
    ],
)
def test_at_no_instant_does_a_subject_mean_two_customers(first: Span, second: Span, clash: bool) -> None:
    """Half-open: where one ends the other may begin."""
    _claim(from_at=first[0], to_at=first[1])
    marks = _marks("c-02")
    if clash:
        with pytest.raises(SubjectTaken, match="'app' means c-01 at that time") as refused:
            _claim("c-02", from_at=second[0], to_at=second[1])
        assert (refused.value.field, _marks("c-02")) == ("subject", marks)
    else:
        assert _claim("c-02", from_at=second[0], to_at=second[1]).customer.key == "c-02"


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [(None, "s-01", False), ("s-01", None, False), ("s-01", "s-02", True), (None, None, True)],
)
def test_a_narrower_claim_of_the_same_customer_may_stand_within(
    first: str | None, second: str | None, clash: bool
) -> None:
    """A subscription's own subject within its customer's; two subscriptions never share one at one instant."""
    _claim(narrow=first, to_at=MARCH)
    if clash:
        with pytest.raises(SubjectTaken):
            _claim(narrow=second, from_at=FEBRUARY)
    else:
        _claim(narrow=second, from_at=FEBRUARY)
        assert Claim.objects.count() == 2


def test_a_narrower_claim_of_another_customer_clashes() -> None:
    _claim()
    with pytest.raises(SubjectTaken):
        _claim("c-02", narrow="s-01")


def test_a_release_ends_the_claim_and_touches_what_comes_after(actor: Actor) -> None:
    claim = _claim(from_at=JANUARY)
    subjects.release(claim=claim, to_at=MARCH, actor=actor)
    claim.refresh_from_db()
    mark = claim.customer.tree.marks.order_by("number").last()
    assert mark is not None
    assert (claim.to_at, mark.number) == (MARCH, claim.released_fact)
    assert (mark.cause, mark.earliest_at) == ("subject.released", MARCH)
    assert _claim("c-02", from_at=MARCH).customer.key == "c-02"


def test_releasing_again_changes_nothing_and_never_moves_the_end(actor: Actor) -> None:
    claim = _claim(from_at=JANUARY)
    subjects.release(claim=claim, to_at=MARCH, actor=actor)
    marks = _marks()
    subjects.release(claim=claim, to_at=MARCH, actor=actor)
    with pytest.raises(SubjectTaken, match="already ended at 2026-03-01"):
        subjects.release(claim=claim, to_at=APRIL, actor=actor)
    assert (_marks(), Claim.objects.get().to_at) == (marks, MARCH)


def test_a_release_is_not_before_the_claim_began(actor: Actor) -> None:
    claim = _claim(from_at=FEBRUARY)
    with pytest.raises(InvalidValue) as refused:
        subjects.release(claim=claim, to_at=JANUARY, actor=actor)
    assert (refused.value.field, Claim.objects.get().to_at) == ("to", None)
    subjects.release(claim=claim, to_at=FEBRUARY, actor=actor)
    assert _claim("c-02", from_at=JANUARY).customer.key == "c-02"


@pytest.mark.parametrize("subject", ["", " ", "x" * 301, "a\x00b", "a\nb"])
def test_a_subject_that_no_event_could_have_is_refused(subject: str, actor: Actor) -> None:
    with pytest.raises(InvalidValue) as refused:
        subjects.claim(subject=subject, customer=selectors.customer("c-01"), actor=actor)
    assert refused.value.field == "subject"


@pytest.mark.parametrize("other", ["APP", "app ", "ａｐｐ", "a\u0301pp"])
def test_subjects_are_told_apart_by_every_character(other: str, actor: Actor) -> None:
    """No case, space or form of Unicode is folded (fault A17)."""
    _claim()
    assert subjects.claim(subject=other, customer=selectors.customer("c-02"), actor=actor).subject.name == other


def test_each_tenant_has_subjects_of_its_own() -> None:
    _claim()
    with another_tenant():
        world.apply({"customers": [world.customer("c-02", subjects=["app"])]})
        assert Claim.objects.get().customer.key == "c-02"


def test_claims_are_told_as_known_up_to_a_fact(actor: Actor) -> None:
    """With `facts`, an evaluation of the past sees neither later claims nor later releases."""
    owner = selectors.customer("c-01")
    before = owner.tree.last_fact
    claim = _claim(from_at=JANUARY)
    subjects.release(claim=claim, to_at=MARCH, actor=actor)

    def known(fact: int | None) -> list[ClaimedSubject]:
        return subjects.claims_of([owner.id], facts=None if fact is None else {owner.tree_id: fact})

    def claimed(until: datetime) -> list[ClaimedSubject]:
        return [ClaimedSubject(owner.id, None, "app", Period(JANUARY, until))]

    assert known(before) == []
    assert known(before + 1) == claimed(FOREVER)
    assert known(before + 2) == known(None) == claimed(MARCH)


def test_a_claim_that_began_with_its_end_is_known_with_it_at_once() -> None:
    owner = selectors.customer("c-01")
    claim = _claim(from_at=JANUARY, to_at=MARCH)
    assert claim.released_fact == claim.fact
    (found,) = subjects.claims_of([owner.id], facts={owner.tree_id: claim.fact})
    assert found.period == Period(JANUARY, MARCH)


def test_without_dates_it_is_claimed_for_all_time() -> None:
    _claim()
    (found,) = subjects.claims_of([selectors.customer("c-01").id])
    assert found.period == Period(BEGINNING, FOREVER)


def claim_app(customer: str) -> str:
    try:
        _claim(customer)
    except SubjectTaken:
        return "taken"
    return customer


def test_of_two_processes_that_claim_a_new_subject_one_wins() -> None:
    """Its row is locked before anybody looks, also where it is not there yet."""
    answers = at_once(claim_app, {"customer": "c-01"}, {"customer": "c-02"})
    owner = Claim.objects.get().customer.key
    assert sorted(answers) == sorted([owner, "taken"])
    assert Subject.objects.count() == 1
    assert Customer.objects.filter(claims__subject__name="app").count() == 1
