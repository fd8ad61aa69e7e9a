"""Usage against a naive model: events in any order, twice, voided, seen up to any watermark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.access.scope import tenant_scope
from core.access.services import open_tenant
from core.models import Tenant
from core.money import PICO
from metering import selectors, services
from metering.aggregation import MeterRule
from metering.models import Batch
from metering.models.batch import POSITION_BITS
from metering.stores import store
from metering.values import Dimensions, Span, UsageEvent, UsageValue, View
from tests.metering.samples import SOURCE, TESTER, document, meter, send, text
from tests.support.effort import sized

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SUBJECTS = ("a", "A", "b ")


class Sent(msgspec.Struct, frozen=True):
    id: str
    subject: str
    hour: int
    value: str | None
    model: str | None

    def document(self) -> dict[str, Any]:
        data = {name: text for name, text in (("value", self.value), ("model", self.model)) if text is not None}
        time = (START + self.hour * HOUR).isoformat()
        return document(self.id, subject=self.subject, time=time, data=data)


EVENTS = st.builds(
    Sent,
    id=st.sampled_from([str(i) for i in range(12)]),
    subject=st.sampled_from(SUBJECTS),
    hour=st.integers(0, 6),
    value=st.sampled_from(["0", "-2", "1.5", "7", "0.000000000001", "many", None]),
    model=st.sampled_from(["large", "", None, "small"]),
)
VOIDS = st.sampled_from([str(i) for i in range(13)])
STEPS = st.lists(st.lists(EVENTS, min_size=2, max_size=6) | VOIDS, min_size=2, max_size=7)
METERS = st.fixed_dictionaries(
    {
        "aggregation": st.sampled_from(["sum", "count", "max", "unique_count"]),
        "filter": st.sampled_from([{}, {"model": ["large", ""]}]),
        "group_by": st.sampled_from([[], ["model"]]),
    }
)
SPANS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(SUBJECTS), st.integers(0, 3), st.integers(3, 9), st.integers(0, 3)),
    unique_by=lambda span: span[:2],
    min_size=2,
    max_size=5,
)


class Naive:
    """What was taken in, in plain Python."""

    def __init__(self) -> None:
        self.events: dict[str, tuple[int, Sent]] = {}
        self.voids: dict[str, int] = {}
        self.batches = [0]

    def play(self, step: list[Sent] | str) -> None:
        if isinstance(step, str):
            if services.void_event(source=SOURCE, id=step, reason="test", actor=TESTER) == "voided":
                self.voids[step] = self._newest()
            return
        receipt = send(one.document() for one in step)
        self.batches.append(receipt.number)
        for one, result in zip(step, receipt.results, strict=True):
            if result.outcome == "accepted":
                self.events[one.id] = (receipt.number, one)

    def _newest(self) -> int:
        self.batches.append(Batch.objects.latest("number").number)
        return self.batches[-1]

    def counted(self, declared: dict[str, Any], spans: list[Span], watermark: int) -> list[tuple[Span, int, Sent]]:
        return [
            (span, number, one)
            for number, one in self.events.values()
            for span in spans
            if number <= watermark
            and not self.voids.get(one.id, watermark + 1) <= watermark
            and span.subject == one.subject
            and span.start <= START + one.hour * HOUR < span.end
            and all(getattr(one, name) in texts for name, texts in declared["filter"].items())
            and readable(declared, one)
        ]


def readable(declared: dict[str, Any], one: Sent) -> bool:
    if declared["aggregation"] in ("sum", "max"):
        return one.value not in (None, "many")
    return declared["aggregation"] == "count" or one.value is not None


def aggregate(aggregation: str, values: list[str | None]) -> int:
    if aggregation == "count":
        return int(len(values) * PICO)
    if aggregation == "unique_count":
        return int(len(set(values)) * PICO)
    read = [int(Decimal(value or "0") * PICO) for value in values]
    return sum(read) if aggregation == "sum" else max(read)


def expected(
    naive: Naive, declared: dict[str, Any], spans: list[Span], watermark: int
) -> dict[int, dict[Dimensions, UsageValue]]:
    together: dict[tuple[Any, Dimensions], list[tuple[bool, str | None]]] = defaultdict(list)
    for span, number, one in naive.counted(declared, spans, watermark):
        dimensions: Dimensions = (("model", one.model),) if declared["group_by"] else ()
        late = span.late_after is not None and span.late_after < number
        together[span.item, dimensions].append((late, one.value))
    found: dict[int, dict[Dimensions, UsageValue]] = defaultdict(dict)
    for (item, dimensions), several in together.items():
        quantity = aggregate(declared["aggregation"], [value for _, value in several])
        found[item][dimensions] = UsageValue(quantity, len(several), sum(late for late, _ in several))
    return dict(found)


def published(declared: dict[str, Any]) -> MeterRule:
    value = {} if declared["aggregation"] == "count" else {"property": "value"}
    return selectors.meter_rule(meter("m", **{"property": "", **declared, **value}))


# Each example has books of its own: making a failing one smaller would take longer than reading it.
@settings(
    max_examples=sized(60),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS, STEPS, METERS, SPANS, st.data())
def test_usage_is_what_a_naive_reading_gives(
    transactional_db: None, before: Any, after: Any, declared: dict[str, Any], drawn: Any, data: st.DataObject
) -> None:
    """Of events from before the meter and after it; what changed between two watermarks is their difference."""
    tenant = open_tenant(key=f"t-{uuid4().hex}", name="x", kind="sandbox", actor=TESTER)
    with tenant_scope(tenant.id):
        naive = Naive()
        for step in before:
            naive.play(step)
        rule = published(declared)
        for step in after:
            naive.play(step)
        watermark, since = data.draw(st.sampled_from(naive.batches)), data.draw(st.sampled_from(naive.batches))
        spans = [
            Span(
                item=item,
                subject=subject,
                start=START + first * HOUR,
                end=START + (first + length) * HOUR,
                late_after=naive.batches[late] if late < len(naive.batches) else None,
            )
            for item, subject, first, length, late in drawn
        ]
        assert store().usage(rule, spans, watermark) == expected(naive, declared, spans, watermark)
        own = [span for span in spans if span.item == 0]
        assert identities(own, rule, watermark) == {one.id for _, _, one in naive.counted(declared, own, watermark)}
        if since <= watermark:
            check_changes(naive, declared, own, rule, since, watermark)
            check_sums(own, rule.ungrouped(), since, watermark)


def identities(spans: list[Span], rule: MeterRule, watermark: int) -> set[str]:
    return {one.id for one in paged(spans, rule, watermark)}


def paged(spans: list[Span], rule: MeterRule, watermark: int, since: int = 0) -> Iterable[UsageEvent]:
    """Two at a time."""
    after = 0
    while page := store().events(rule, _views(spans, watermark, since), limit=2, after=after):
        yield from page
        after = page[-1].number


def check_sums(spans: list[Span], rule: MeterRule, since: int, watermark: int) -> None:
    """What is named adds up to what the quantity moved by."""
    asked = store().events if rule.aggregation.adds_up else store().carriers
    found = asked(rule, _views(spans, watermark, since), limit=1_000)
    quantities = [
        sum(value.quantity for values in store().usage(rule, spans, number).values() for value in values.values())
        for number in (since, watermark)
    ]
    assert sum(one.quantity for one in found) == quantities[1] - (quantities[0] if since else 0)


def _views(spans: list[Span], watermark: int, since: int = 0) -> list[View]:
    """What the spans hold, less what they held at an earlier watermark."""
    earlier = [View(spans=tuple(spans), watermark=since, times=-1)] if since else []
    return [View(spans=tuple(spans), watermark=watermark), *earlier]


def check_changes(
    naive: Naive, declared: dict[str, Any], spans: list[Span], rule: MeterRule, since: int, watermark: int
) -> None:
    old = {one.id for _, _, one in naive.counted(declared, spans, since)}
    new = {one.id for _, _, one in naive.counted(declared, spans, watermark)}
    if since:
        changes = list(paged(spans, rule, watermark, since))
        assert {one.id for one in changes if one.times > 0} == new - old
        assert {one.id for one in changes if one.times < 0} == old - new
    subjects = {span.subject for span in spans}
    touched = [
        START + one.hour * HOUR
        for number, one in naive.events.values()
        if one.subject in subjects
        and number <= watermark
        and (since < number or since < naive.voids.get(one.id, 0) <= watermark)
    ]
    assert store().first_change({0: subjects}, since, watermark) == ({0: min(touched)} if touched else {})


@pytest.mark.parametrize(
    "hour, counted", [(-1, False), (0, True), (1, True), (2, False)], ids=["before", "start", "within", "end"]
)
def test_spans_include_their_start_and_not_their_end(books: Tenant, hour: int, counted: bool) -> None:
    """To the microsecond."""
    rule = selectors.meter_rule(meter())
    time = (START + hour * HOUR - timedelta(microseconds=1 if hour == -1 else 0)).isoformat()
    number = send([text("1", time=time)]).number
    span = Span(item="x", subject="c-01", start=START, end=START + 2 * HOUR)
    assert bool(store().usage(rule, [span], number)) is counted


def test_spans_of_one_item_are_aggregated_together(books: Tenant) -> None:
    rule = selectors.meter_rule(meter("users", aggregation="unique_count", property="user"))
    events = [
        text(str(i), subject=subject, data={"user": user})
        for i, (subject, user) in enumerate([("a", "x"), ("b", "y"), ("b", "x")])
    ]
    number = send(events).number
    spans = [Span(item="all", subject=subject, start=START, end=START + 300 * HOUR) for subject in "ab"]
    assert store().usage(rule, spans, number) == {"all": {(): UsageValue(2 * PICO, 3)}}


def test_the_events_of_one_combination_of_dimensions(books: Tenant) -> None:
    """Absent is not empty."""
    rule = selectors.meter_rule(meter(group_by=["model"]))
    data: list[dict[str, Any]] = [{"model": "", "tokens": 1}, {"tokens": 2}, {"model": "large", "tokens": 3}]
    number = send([text(str(i), data=one) for i, one in enumerate(data)]).number
    spans = [Span(item="x", subject="c-01", start=START, end=START + 300 * HOUR)]

    def values(model: str | None) -> list[Any]:
        found = store().events(rule, _views(spans, number), limit=10, dimensions=(("model", model),))
        return [one.value for one in found]

    assert [values(model) for model in ("", None, "large", "x")] == [[PICO], [2 * PICO], [3 * PICO], []]


def test_an_event_tells_where_it_came_from(books: Tenant) -> None:
    rule = selectors.meter_rule(meter())
    number = send([text("e-1")]).number
    spans = [Span(item=1, subject="c-01", start=START, end=START + 300 * HOUR)]
    (found,) = store().events(rule, _views(spans, number), limit=9)
    assert found == UsageEvent(
        number=number << POSITION_BITS,
        id="e-1",
        source=SOURCE,
        time=datetime(2026, 1, 10, 12, tzinfo=UTC),
        subject="c-01",
        value=5 * PICO,
    )


def test_a_void_acts_from_its_own_batch_on(books: Tenant) -> None:
    """Also one that came before its event; what it changed is told at the event's time."""
    rule = selectors.meter_rule(meter())
    spans = [Span(item="x", subject="c-01", start=START, end=START + 300 * HOUR)]
    first = send([text("1"), text("2", data={"tokens": 7})]).number
    for one in ("1", "later"):
        services.void_event(source=SOURCE, id=one, reason="test", actor=TESTER)
    voided = Batch.objects.latest("number").number
    last = send([text("later", time="2026-01-02T00:00:00Z")]).number

    assert store().usage(rule, spans, first) == {"x": {(): UsageValue(12 * PICO, 2)}}
    assert (
        store().usage(rule, spans, voided) == store().usage(rule, spans, last) == {"x": {(): UsageValue(7 * PICO, 1)}}
    )
    ten = datetime(2026, 1, 10, 12, tzinfo=UTC)
    assert store().first_change({"x": ["c-01"]}, first, voided) == {"x": ten}
    assert store().first_change({"x": ["c-01"]}, voided - 1, voided) == {}, "its event is still to come"
    (taken_back,) = store().events(rule, _views(spans, last, first), limit=9)
    assert (taken_back.id, (taken_back.voided_at_number or 0) >> POSITION_BITS) == ("1", voided - 1)


def test_what_moves_between_two_spans_is_taken_away_and_added(books: Tenant) -> None:
    """Shortened, an earlier view loses its end, seen at its own watermark; what stayed is named nowhere."""
    rule = selectors.meter_rule(meter())
    first = send([text("stays"), text("goes", time="2026-01-12T00:00:00Z")]).number
    last = send([text("comes", time="2026-01-10T13:00:00Z")]).number
    whole, short = (
        Span(item="x", subject="c-01", start=START, end=end) for end in (START + 300 * HOUR, START + 240 * HOUR)
    )
    views = [View(spans=(short,), watermark=last), View(spans=(whole,), watermark=first, times=-1)]
    found = store().events(rule, views, limit=9)
    assert [(one.id, one.times) for one in found] == [("goes", -1), ("comes", 1)]
    assert [[one.id for one in store().events(rule, views, limit=9, sign=sign)] for sign in (1, -1)] == [
        ["comes"],
        ["goes"],
    ]


@pytest.mark.parametrize(
    ("aggregation", "property", "carriers"),
    [
        ("max", "tokens", [("1", -5 * PICO), ("3", 9 * PICO)]),
        ("unique_count", "user", [("1", -PICO), ("3", PICO)]),
    ],
)
def test_what_carries_a_value_adds_up_to_the_difference(
    books: Tenant, aggregation: str, property: str, carriers: list[tuple[str, int]]
) -> None:
    """Not the events beside it: one that is no greater, or that has the same value as another."""
    rule = selectors.meter_rule(meter("m", aggregation=aggregation, property=property))
    first = send([text("1", data={"tokens": 5, "user": "a"}), text("2", data={"tokens": 3, "user": "b"})]).number
    services.void_event(source=SOURCE, id="1", reason="test", actor=TESTER)
    last = send([text(i, data={"tokens": 9, "user": user}) for i, user in (("3", "c"), ("4", "b"), ("5", "c"))]).number
    spans = [Span(item="x", subject="c-01", start=START, end=START + 300 * HOUR)]
    found = store().carriers(rule, _views(spans, last, first), limit=9)
    assert [(one.id, one.quantity) for one in found] == carriers
    before, after = (store().usage(rule, spans, number)["x"][()].quantity for number in (first, last))
    assert sum(one.quantity for one in found) == after - before
    assert [one.id for one in store().carriers(rule, _views(spans, last, first), limit=1, after=found[0].number)] == [
        "3"
    ]
    assert store().carriers(rule, _views([], last), limit=9) == []


def test_what_a_meter_cannot_group_counts_nothing(books: Tenant) -> None:
    """It is a finding, not an absent dimension."""
    number = send([text("1", data={"model": {}}), text("2", data={})]).number
    rule = selectors.meter_rule(meter("calls", aggregation="count", property="", group_by=["model"]))
    spans = [Span(item="x", subject="c-01", start=START, end=START + 300 * HOUR)]
    assert store().usage(rule, spans, number) == {"x": {(("model", None),): UsageValue(PICO, 1)}}
    assert [one.id for one in store().events(rule, _views(spans, number), limit=9)] == ["2"]


def test_nothing_asked_is_nothing_found(books: Tenant) -> None:
    rule = selectors.meter_rule(meter())
    assert store().usage(rule, [], 5) == {}
    assert store().events(rule, _views([], 5), limit=1) == []
    assert store().first_change({"x": []}, 0, 5) == {}


def test_one_tenant_never_sees_anothers_usage(books: Tenant) -> None:
    other = open_tenant(key=f"t-{uuid4().hex}", name="x", kind="sandbox", actor=TESTER)
    with tenant_scope(other.id):
        meter()
        number = send([text("1")]).number
    rule = selectors.meter_rule(meter())
    spans = [Span(item=1, subject="c-01", start=START, end=START + 300 * HOUR)]
    assert store().usage(rule, spans, number) == {}
    assert store().events(rule, _views(spans, number), limit=9) == []
    assert store().first_change({1: ["c-01"]}, 0, number) == {}
