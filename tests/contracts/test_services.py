"""Signing and amending subscriptions; storing the periods that were billed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError

from contracts import services
from contracts.cycles import ServicePeriod
from contracts.models import AmendmentRow, BilledPeriod, Subscription
from contracts.quantities import read_quantities
from contracts.selectors import change_of, subscription
from contracts.services import Agreement, AmendmentFields, chain_digest
from contracts.values import Change, StoredPeriod
from core.errors import Refusal
from core.models import AuditRecord, Tenant
from core.money import PICO
from customers.models import Customer, Mark
from tests.support import world
from tests.support.world import TESTER, instant

SEATS = {"key": "seats", "model": "per_unit", "unit_amount": "12", "quantity": "seats"}
FEE = {"key": "fee", "model": "flat", "amount": "10"}


@pytest.fixture(autouse=True)
def offered(books: Tenant) -> None:
    """A customer in Athens; plans by the month in USD, and ones of another rhythm or currency."""
    world.apply(
        {
            "customers": [world.customer(time_zone="Europe/Athens")],
            "products": [{"key": "product", "name": "Product"}],
            "plans": [
                world.plan("seats", [SEATS]),
                world.plan("flat", [FEE]),
                world.plan("yearly", [FEE], interval="year"),
                world.plan("bimonthly", [FEE], every=2),
                world.plan("euro", [FEE], currency="EUR"),
            ],
        }
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _sign(key: str = "s-01", *, plan: str = "seats", seats: str | None = "5", on: str = "2026-02-01") -> Subscription:
    agreement = Agreement(
        key=key,
        plan=plan,
        start_on=_day(on),
        anchor_on=_day(on),
        quantities=read_quantities({"seats": seats} if seats else {}),
    )
    return services.sign(customer=Customer.objects.get(), agreement=agreement, actor=TESTER)


def _amend(on: str, *, key: str | None = None, reason: str = "agreed", **change: Any) -> AmendmentRow:
    fields = AmendmentFields(effective_on=_day(on), key=key, reason=reason, **change)
    return services.amend(subscription=subscription("s-01"), fields=fields, actor=TESTER)


def _papers() -> list[AmendmentRow]:
    return list(AmendmentRow.objects.filter(subscription__key="s-01").order_by("number"))


def test_a_signature_is_the_first_amendment() -> None:
    """The day begins in the customer's zone; rhythm and currency are the plan's."""
    signed = _sign()
    assert (signed.start_on, signed.start_at) == (_day("2026-02-01"), instant("2026-01-31T22:00:00"))
    assert (signed.currency, signed.interval, signed.every) == ("USD", "month", 1)
    (paper,) = _papers()
    assert (paper.number, paper.key, paper.reason, paper.actor) == (0, None, "signed", "command:tests")
    assert change_of(paper).quantities == {"seats": 5 * PICO}
    mark = Mark.objects.get(number=paper.fact, tree=signed.customer.tree)
    assert (mark.cause, mark.earliest_at) == ("subscription.signed", signed.start_at)


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"plan": "none"}, "not_found", "plan"),
        ({"key": ""}, "invalid_value", "key"),
        ({"seats": None}, "quantity_missing", "quantities.seats"),
        ({"plan": "flat", "seats": "5"}, "quantity_unknown", "quantities.seats"),
        ({"seats": "-1"}, "invalid_value", "quantities.seats"),
        ({"seats": "NaN"}, "invalid_quantity", "quantities.seats"),
        ({"seats": "1.0000000000001"}, "invalid_quantity", "quantities.seats"),
    ],
)
def test_what_can_not_be_signed(fields: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        _sign(**fields)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not Subscription.objects.exists()


def test_a_key_names_one_subscription() -> None:
    _sign()
    with pytest.raises(IntegrityError):
        _sign()


def test_an_amendment_says_what_changes_from_which_day_on() -> None:
    _sign()
    paper = _amend("2026-03-10", quantities={"seats": 8 * PICO}, reason="growth")
    assert (paper.number, paper.effective_at) == (1, instant("2026-03-09T22:00:00"))
    assert change_of(paper) == Change(quantities={"seats": 8 * PICO})
    record = AuditRecord.objects.get(event="subscription.amended")
    assert (record.reason, record.subject_id) == ("growth", str(paper.subscription_id))
    assert Mark.objects.get(number=paper.fact).earliest_at == paper.effective_at


@pytest.mark.parametrize(
    ("on", "change", "code", "field"),
    [
        ("2026-01-31", {"quantities": {"seats": PICO}}, "invalid_value", "effective"),
        ("2026-03-01", {}, "invalid_value", "change"),
        ("2026-03-01", {"end": True, "plan": "flat"}, "invalid_value", "end"),
        ("2026-03-01", {"end": True, "quantities": {"seats": PICO}}, "invalid_value", "end"),
        ("2026-03-01", {"quantities": {"seat": PICO}}, "quantity_unknown", "quantities.seat"),
        ("2026-03-01", {"plan": "none"}, "not_found", "plan"),
        ("2026-03-01", {"plan": "yearly"}, "rhythm_differs", "plan"),
        ("2026-03-01", {"plan": "bimonthly"}, "rhythm_differs", "plan"),
        ("2026-03-01", {"plan": "euro"}, "rhythm_differs", "plan"),
        ("2026-03-01", {"plan": "flat", "reason": ""}, "invalid_value", "reason"),
        ("2026-03-01", {"plan": "flat", "reason": "x" * 2001}, "invalid_value", "reason"),
    ],
)
def test_what_can_not_be_amended(on: str, change: dict[str, Any], code: str, field: str) -> None:
    _sign()
    with pytest.raises(Refusal) as refused:
        _amend(on, **change)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert len(_papers()) == 1


def test_on_its_first_day_it_may_be_amended_or_ended() -> None:
    _sign()
    _amend("2026-02-01", quantities={"seats": PICO})
    _amend("2026-02-01", end=True)
    assert len(_papers()) == 3


@pytest.mark.parametrize("on", ["2026-03-15", "2026-03-16"])
def test_nothing_changes_from_the_end_on(on: str) -> None:
    _sign()
    _amend("2026-03-15", end=True)
    with pytest.raises(Refusal) as refused:
        _amend(on, quantities={"seats": PICO})
    assert (refused.value.code, refused.value.field) == ("subscription_ended", "effective")


def test_what_lies_before_the_end_may_still_be_amended_the_end_itself_included() -> None:
    _sign()
    _amend("2026-03-15", end=True)
    _amend("2026-03-14", quantities={"seats": PICO})
    _amend("2026-03-10", end=True, reason="earlier")
    assert [paper.number for paper in _papers()] == [0, 1, 2, 3]
    assert AuditRecord.objects.filter(event="subscription.ended").count() == 2


def test_a_plan_whose_price_multiplies_an_unknown_quantity_is_refused() -> None:
    """Also where a back-dated change brings the plan to a time in which nobody stated the quantity."""
    _sign(plan="flat", seats=None)
    with pytest.raises(Refusal) as refused:
        _amend("2026-03-01", plan="seats")
    assert (refused.value.code, refused.value.field) == ("quantity_missing", "quantities.seats")
    _amend("2026-04-01", plan="seats", quantities={"seats": 3 * PICO})
    with pytest.raises(Refusal) as refused:
        _amend("2026-03-15", plan="seats", reason="earlier")
    assert refused.value.code == "quantity_missing"
    assert [paper.number for paper in _papers()] == [0, 1]


def test_an_amendment_with_a_key_is_appended_once() -> None:
    _sign()
    first = _amend("2026-03-10", key="a-01", quantities={"seats": 8 * PICO})
    _amend("2026-03-20", quantities={"seats": 9 * PICO})
    marks = Mark.objects.count()
    assert _amend("2026-03-10", key="a-01", quantities={"seats": 8 * PICO}) == first
    assert (len(_papers()), Mark.objects.count()) == (3, marks)


@pytest.mark.parametrize(
    "other",
    [
        {"on": "2026-03-11", "quantities": {"seats": 8 * PICO}},
        {"on": "2026-03-10", "quantities": {"seats": 9 * PICO}},
        {"on": "2026-03-10", "quantities": {"seats": 8 * PICO}, "reason": "other"},
        {"on": "2026-03-10", "plan": "flat"},
        {"on": "2026-03-10", "end": True},
    ],
)
def test_the_same_key_with_another_content_is_refused(other: dict[str, Any]) -> None:
    _sign()
    _amend("2026-03-10", key="a-01", quantities={"seats": 8 * PICO})
    with pytest.raises(Refusal) as refused:
        _amend(other.pop("on"), key="a-01", **other)
    assert (refused.value.code, refused.value.field, len(_papers())) == ("amendment_differs", "key", 2)


def test_a_key_is_one_subscriptions_amendment() -> None:
    _sign()
    _sign("s-02", plan="flat", seats=None)
    _amend("2026-03-10", key="a-01", plan="flat")
    fields = AmendmentFields(effective_on=_day("2026-03-10"), key="a-01", reason="agreed", plan="flat")
    with pytest.raises(Refusal) as refused:
        services.amend(subscription=subscription("s-02"), fields=fields, actor=TESTER)
    assert refused.value.code == "amendment_differs"


def test_without_a_key_only_the_last_one_said_again_is_the_same() -> None:
    """A→B→A→B is four amendments; sending one twice in a row is one."""
    _sign()
    said: list[dict[str, Any]] = [{"quantities": {"seats": n * PICO}} for n in (1, 1, 2, 2, 1)]
    numbers = [_amend("2026-03-10", **change).number for change in said]
    assert numbers == [1, 1, 2, 2, 3]


def test_amendments_are_chained_by_their_digests() -> None:
    """What was signed can't be exchanged unnoticed: each digest covers the one before it."""
    _sign()
    _amend("2026-03-10", key="a-01", quantities={"seats": 8 * PICO})
    _amend("2026-03-20", plan="flat")
    _amend("2026-03-30", end=True)
    previous = ""
    for paper in _papers():
        assert paper.previous_digest == previous
        assert paper.digest == chain_digest(previous, paper)
        previous = paper.digest
    paper = _papers()[1]
    forgeries = {"reason": "x", "effective_on": _day("2026-03-11"), "change": {"end": True}, "key": "a", "number": 2}
    for name, forged in (forgeries | {"metadata": {"a": "b"}}).items():
        assert chain_digest(paper.previous_digest, _with(paper, name, forged)) != paper.digest


def _with(paper: AmendmentRow, name: str, value: object) -> AmendmentRow:
    copy = AmendmentRow(**{field.attname: getattr(paper, field.attname) for field in paper._meta.concrete_fields})
    setattr(copy, name, value)
    return copy


def test_the_recording_of_an_amendment_undone_leaves_nothing() -> None:
    """QuantityMissing comes after the paper was written: the transaction takes it back, its fact included."""
    signed = _sign(plan="flat", seats=None)
    before = Mark.objects.count()
    with pytest.raises(Refusal):
        _amend("2026-03-01", plan="seats")
    signed.customer.tree.refresh_from_db()
    assert (Mark.objects.count(), signed.customer.tree.last_fact) == (before, before)


def _stored(start: datetime, end: datetime, watermark: int | None) -> StoredPeriod:
    return StoredPeriod(ServicePeriod(start, end, start, end, "Europe/Athens"), watermark)


def test_billed_periods_are_stored_and_their_usage_is_first_billed_once() -> None:
    signed = _sign(plan="flat", seats=None)
    bounds = [instant(f"{day}:00:00") for day in ("2026-01-31T22", "2026-02-28T22", "2026-03-31T21")]
    first, second = _stored(bounds[0], bounds[1], None), _stored(bounds[1], bounds[2], None)
    services.store_periods([(signed.id, first), (signed.id, second)])
    services.note_usage_billed({(signed.id, bounds[0]): 7, (signed.id, instant("2030-01-01")): 9})
    services.note_usage_billed({(signed.id, bounds[0]): 8})
    rows = BilledPeriod.objects.order_by("start_at").values_list("start_at", "end_at", "zone", "first_watermark")
    assert list(rows) == [
        (bounds[0], bounds[1], "Europe/Athens", 7),
        (bounds[1], bounds[2], "Europe/Athens", None),
    ]
    with pytest.raises(IntegrityError):
        services.store_periods([(signed.id, first)])
