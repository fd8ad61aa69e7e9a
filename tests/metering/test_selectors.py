from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import NotFound, Refusal
from core.models import Tenant, new_id
from core.money import PICO
from customers import services as customers
from customers import subjects
from customers.models import Customer
from metering import selectors
from metering.values import UsageValue
from tests.metering.samples import TESTER, meter, send, text


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def new_customer(key: str) -> Customer:
    fields = customers.read_customer({"key": key, "name": key, "currency": "EUR"})
    return customers.create_customer(fields=fields, parent=None, actor=TESTER)


def daily(subject: str, *days: int) -> None:
    """One token a day at noon."""
    send(
        text(f"{subject}-{one}", subject=subject, time=f"2026-01-{one:02}T12:00:00Z", data={"tokens": 1})
        for one in days
    )


def used(customer: Customer, **options: Any) -> int:
    found = selectors.customer_usage(
        customer=customer, meter=selectors.meter_by_key("tokens"), start=day(1), end=day(31), **options
    )
    return int(sum(value.quantity for value in found.by_dimensions.values()) // PICO)


def test_usage_follows_the_dates_of_claims(books: Tenant) -> None:
    meter()
    daily("a", *range(1, 21))
    daily("b", 1, 2)
    one, other = new_customer("one"), new_customer("other")
    subjects.claim(subject="a", customer=one, from_at=day(3), to_at=day(6), actor=TESTER)
    subjects.claim(subject="b", customer=one, actor=TESTER)
    subjects.claim(subject="a", customer=other, from_at=day(6), to_at=day(10), actor=TESTER)
    assert (used(one), used(other)) == (5, 4)
    (unknown,) = selectors.unknown_subjects()
    assert (unknown.subject, unknown.events, unknown.first_at.day, unknown.last_at.day) == ("a", 13, 1, 20)


def test_a_subscriptions_claim_within_its_customers_counts_once(fresh_books: Tenant) -> None:
    meter()
    daily("a", *range(1, 11))
    one = new_customer("one")
    subjects.claim(subject="a", customer=one, actor=TESTER)
    subjects.claim(subject="a", customer=one, from_at=day(3), to_at=day(5), subscription_id=new_id(), actor=TESTER)
    assert used(one) == 10


def test_usage_as_of_a_watermark_never_changes(books: Tenant) -> None:
    meter()
    one = new_customer("one")
    subjects.claim(subject="a", customer=one, actor=TESTER)
    daily("a", 1)
    before = selectors.batches()[0].number
    daily("a", 2, 3)
    assert (used(one, until=before), used(one)) == (1, 3)
    found = selectors.customer_events(
        customer=one, meter=selectors.meter_by_key("tokens"), start=day(1), end=day(31), until=before
    )
    assert [event.id for event in found] == ["a-1"]


def test_over_all_dimensions_together_unique_ones_count_once(books: Tenant) -> None:
    made = meter("users", aggregation="unique_count", property="user", group_by=["region"])
    one = new_customer("one")
    subjects.claim(subject="c-01", customer=one, actor=TESTER)
    send(
        text(str(i), data={"user": user, "region": region})
        for i, (user, region) in enumerate([("a", "x"), ("a", "y"), ("b", "x")])
    )

    def found(*, grouped: bool) -> Any:
        usage = selectors.customer_usage(customer=one, meter=made, start=day(1), end=day(31), grouped=grouped)
        return usage.by_dimensions

    by_region = {(("region", "x"),): UsageValue(2 * PICO, 2), (("region", "y"),): UsageValue(PICO, 1)}
    assert found(grouped=True) == by_region
    assert found(grouped=False) == {(): UsageValue(2 * PICO, 3)}


def test_what_cannot_be_asked_is_refused_by_name(fresh_books: Tenant) -> None:
    with pytest.raises(NotFound):
        selectors.meter_by_key("tokens")
    made, one = meter(), new_customer("one")
    with pytest.raises(Refusal) as caught:
        selectors.customer_usage(customer=one, meter=made, start=day(2), end=day(2))
    assert caught.value.field == "end"


def test_rules_of_many_meters_by_id(books: Tenant) -> None:
    meters = [
        meter("a"),
        meter("b", property="hours"),
        meter("c", event_type="other", aggregation="count", property=""),
    ]
    rules = selectors.rules_of([made.id for made in meters])
    assert [(rules[made.id].key, rules[made.id].value) for made in meters] == [("a", "n1"), ("b", "n2"), ("c", None)]
