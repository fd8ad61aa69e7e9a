"""Accounting periods: opened and closed in order, and closed means that nothing is posted into them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection
from msgspec.structs import replace

from core import clock
from core.access.scope import tenant_id, tenant_scope
from core.access.services import change_tenant
from core.db import writers
from core.db.transaction import atomic
from core.errors import InvalidValue, NotFound
from core.integrity import Finding
from core.models import AuditRecord, Message, Tenant
from ledger import periods, services
from ledger.accounts import AccountIdentity
from ledger.integrity import periods as checks
from ledger.models import AccountingPeriod
from ledger.periods import PeriodClosed, PeriodNotOver, PeriodOutOfOrder
from ledger.results import Result
from tests.ledger.builders import posted, transfer
from tests.ledger.raw import INTEGRITY, inserting, refused, run
from tests.support.commands import manage, succeed
from tests.support.corrupting import corrupted
from tests.support.world import TESTER, instant


@pytest.fixture
def march(books: Tenant) -> Tenant:
    """January is open; it is 15 March."""
    periods.open_period(month="2026-01", actor=TESTER)
    clock.advance(to=instant("2026-03-15"), actor=TESTER)
    return books


def _close(month: str, reason: str = "month end") -> AccountingPeriod:
    return periods.close(month=month, reason=reason, actor=TESTER)


def _reopen(month: str) -> AccountingPeriod:
    return periods.reopen(month=month, reason="an error", actor=TESTER)


def _states() -> dict[str, str]:
    return dict(AccountingPeriod.objects.order_by("start_at").values_list("month", "state"))


@pytest.mark.usefixtures("march")
def test_closing_a_month_opens_the_next() -> None:
    _close("2026-01")
    _close("2026-02")
    assert _states() == {"2026-01": "closed", "2026-02": "closed", "2026-03": "open"}
    assert periods.open_from() == instant("2026-03-01")


@pytest.mark.usefixtures("march")
def test_the_last_closed_month_is_reopened_first() -> None:
    _close("2026-01")
    _close("2026-02")
    with pytest.raises(PeriodOutOfOrder, match="2026-02 is closed: reopen it first"):
        _reopen("2026-01")
    _reopen("2026-02")
    _reopen("2026-01")
    assert set(_states().values()) == {"open"}
    assert periods.open_from() is None
    with pytest.raises(PeriodOutOfOrder, match="2026-01 is still open"):
        _close("2026-02")


@pytest.mark.usefixtures("march")
def test_each_change_is_in_the_trail_once() -> None:
    """Doing it again changes nothing and says nothing."""
    for _ in range(2):
        _close("2026-01", "reviewed")
    for _ in range(2):
        _reopen("2026-01")
    told = ["period.opened", "period.closed", "period.opened", "period.reopened"]
    for kept in (AuditRecord, Message):
        rows = kept.objects.filter(event__startswith="period.").order_by("id")
        assert list(rows.values_list("event", flat=True)) == told
    assert AuditRecord.objects.get(event="period.closed").reason == "reviewed"


def test_months_are_those_of_the_books_time_zone(books: Tenant) -> None:
    change_tenant(tenant=books, name=books.name, time_zone="Europe/Berlin", metadata={}, actor=TESTER)
    row = periods.open_period(month="2026-03", actor=TESTER)
    assert (row.start_at, row.end_at) == (instant("2026-02-28T23:00:00"), instant("2026-03-31T22:00:00"))


@pytest.mark.parametrize(
    ("month", "reason", "error", "told"),
    [
        ("2026-03", "why", NotFound, "the books have no period '2026-03': open it first"),
        ("2026-01", " ", InvalidValue, "is required"),
    ],
)
@pytest.mark.usefixtures("march")
def test_what_can_not_be_closed(month: str, reason: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        _close(month, reason)
    assert _states() == {"2026-01": "open"}


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "26-01", "2026-01-01", "", "now", "9999-01", "2026-W01"])
def test_what_is_no_month(books: Tenant, month: str) -> None:
    with pytest.raises(InvalidValue, match="is not a month such as 2026-01"):
        periods.open_period(month=month, actor=TESTER)


def test_months_follow_one_another(books: Tenant) -> None:
    periods.open_period(month="2025-12", actor=TESTER)
    with pytest.raises(PeriodOutOfOrder, match="after 2025-12 comes 2026-01"):
        periods.open_period(month="2026-02", actor=TESTER)
    assert periods.open_period(month="2025-12", actor=TESTER).month == "2025-12"
    periods.open_period(month="2026-01", actor=TESTER)
    assert list(_states()) == ["2025-12", "2026-01"]


def test_a_month_is_closed_when_it_is_over(books: Tenant) -> None:
    periods.open_period(month="2026-01", actor=TESTER)
    clock.advance(to=instant("2026-01-31T23:59:59+00:00"), actor=TESTER)
    with pytest.raises(PeriodNotOver, match="2026-01 is not over before 2026-02-01"):
        _close("2026-01")


@pytest.mark.usefixtures("march")
def test_nothing_is_posted_into_a_closed_month(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """Nor before it; from the first open instant on all is as ever."""
    _close("2026-01")
    for at in ("2025-06-01", "2026-01-01", "2026-01-31T23:59:59.999999+00:00"):
        with pytest.raises(PeriodClosed, match="counts from 2026-02-01") as refused_, atomic():
            services.post([transfer(unbilled, revenue, 5, effective_at=instant(at))], at=instant("2026-03-15"))
        assert refused_.value.facts == {"open_from": instant("2026-02-01"), "index": 0}
    posted(transfer(unbilled, revenue, 5, effective_at=instant("2026-02-01")))


@pytest.mark.usefixtures("march")
def test_a_batch_is_refused_whole(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    good = transfer(unbilled, revenue, 5, effective_at=instant("2026-02-01"))
    _close("2026-01")
    bad = transfer(unbilled, revenue, 7, effective_at=instant("2026-01-01"))
    with pytest.raises(PeriodClosed) as refused_:
        services.create_transfers([good, bad], at=good.effective_at)
    assert refused_.value.facts["index"] == 1
    assert services.create_transfers([good], at=good.effective_at) == [Result.CREATED]


@pytest.mark.usefixtures("march")
def test_a_reopened_month_takes_postings_again(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    _close("2026-01")
    _reopen("2026-01")
    posted(transfer(unbilled, revenue, 5, effective_at=instant("2026-01-15")))


@pytest.mark.usefixtures("march")
def test_what_was_posted_before_is_known_after(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """Told again in its own month, or in the open one with where it belongs: it exists."""
    first = transfer(unbilled, revenue, 5, effective_at=instant("2026-01-15"))
    posted(first)
    _close("2026-01")
    moved = replace(first, effective_at=instant("2026-02-01"), belongs_at=first.effective_at)
    for again in (first, moved):
        assert services.create_transfers([again], at=instant("2026-03-15")) == [Result.EXISTS]


@pytest.mark.usefixtures("march")
def test_the_database_itself_refuses(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    _close("2026-01")
    state, told = refused(*inserting(transfer(unbilled, revenue, 5, effective_at=instant("2026-01-15"))))
    assert state == INTEGRITY
    assert "ledger_period_closed" in told


@pytest.mark.usefixtures("march")
def test_closing_waits_for_what_is_being_posted(unbilled: AccountIdentity, revenue: AccountIdentity) -> None:
    """A posting in flight is in the closed month for good; one that comes later is refused."""
    tenant, order = tenant_id(), list[str]()

    def closing() -> None:
        with tenant_scope(tenant):
            _close("2026-01")
            order.append("closed")
        connection.close()

    with atomic():
        services.post([transfer(unbilled, revenue, 5, effective_at=instant("2026-01-15"))], at=instant("2026-03-15"))
        thread = threading.Thread(target=closing)
        thread.start()
        thread.join(timeout=1)
        assert thread.is_alive()
        order.append("posted")
    thread.join(timeout=30)
    assert order == ["posted", "closed"]
    late = transfer(unbilled, revenue, 5, effective_at=instant("2026-01-15"))
    with pytest.raises(PeriodClosed):
        services.create_transfers([late], at=instant("2026-03-15"))


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda: periods.reopen(month="2026-01", reason="an error", actor=TESTER),
        lambda: periods.open_period(month="2026-03", actor=TESTER),
        lambda: clock.advance(to=instant("2026-03-16"), actor=TESTER),
    ],
    ids=["reopening", "opening", "the clock"],
)
def test_whoever_locks_the_tenant_meanwhile_is_not_met_half_way(
    march: Tenant, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]
) -> None:
    """Each waits for the other to be done, and none is undone for a deadlock."""
    failures: list[DatabaseError] = []
    _close("2026-01")

    def other() -> None:
        try:
            with tenant_scope(march.id), suppress(PeriodOutOfOrder):
                meanwhile()
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=other)

    def excluding(*, wait_milliseconds: int, exclude: Callable[..., None] = writers.exclude) -> None:
        exclude(wait_milliseconds=wait_milliseconds)
        if thread.ident is None:
            thread.start()
            thread.join(timeout=0.5)

    monkeypatch.setattr(writers, "exclude", excluding)
    assert _close("2026-02").state == AccountingPeriod.State.CLOSED
    thread.join(timeout=30)
    assert (failures, thread.is_alive()) == ([], False)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE ledger_accountingperiod SET state = 'open' WHERE month = '2026-01' AND {own}",
            ("period 2026-02", "it is closed, and 2026-01 is open"),
        ),
        (
            "UPDATE ledger_accountingperiod SET start_at = '2026-02-02Z' WHERE month = '2026-02' AND {own}",
            ("period 2026-02", "it does not begin where 2026-01 ends"),
        ),
        (
            "UPDATE ledger_transfer SET effective_at = '2026-01-15Z', timestamp = '2026-03-16Z' WHERE {own}",
            ("transfer", "posted into 2026-01, closed"),
        ),
        (
            "UPDATE ledger_transfer SET effective_at = '2025-12-15Z', timestamp = '2026-03-16Z' WHERE {own}",
            ("transfer", "posted into 2026-01, closed"),
        ),
        (
            "UPDATE ledger_accountingperiod SET state = 'open' WHERE month = '2026-02' AND {own}",
            ("period 2026-02", "it is open, and the audit trail says otherwise"),
        ),
        (
            "UPDATE ledger_accountingperiod SET changed_at = '2026-03-31Z' WHERE month = '2026-02' AND {own}",
            ("period 2026-02", "it is closed, and the audit trail says otherwise"),
        ),
        (
            "DELETE FROM ledger_accountingperiod WHERE month = '2026-02' AND {own}",
            ("period 2026-02", "the audit trail knows it, and it is gone"),
        ),
        (
            "DELETE FROM ledger_accountingperiod WHERE {own}",
            ("period 2026-01", "the audit trail knows it, and it is gone"),
        ),
    ],
)
@pytest.mark.usefixtures("march")
def test_a_fault_is_found(
    unbilled: AccountIdentity, revenue: AccountIdentity, statement: str, found: tuple[str, str]
) -> None:
    posted(transfer(unbilled, revenue, 5, effective_at=instant("2026-02-15")))
    _close("2026-01")
    _close("2026-02")
    (check,) = checks.CHECKS
    assert check.run().findings == ()
    with corrupted(statement.format(own=f"tenant_id = '{tenant_id()}'")):
        findings = check.run().findings
    assert any(one.subject.startswith(found[0]) and one.detail == found[1] for one in findings), findings


@pytest.mark.usefixtures("march")
def test_what_was_slipped_in_is_found_whatever_time_it_states(
    unbilled: AccountIdentity, revenue: AccountIdentity
) -> None:
    """By raw SQL the application's role may open a period, and close it again as if nothing had been."""
    _close("2026-01")
    period = "UPDATE ledger_accountingperiod SET state = %s WHERE month = '2026-01' AND tenant_id = %s"
    antedated = transfer(unbilled, revenue, 5, effective_at=instant("2026-01-15"))
    run(period, ["open", tenant_id()])
    run(*inserting(antedated, id=antedated.id, timestamp=instant("2026-01-15")))
    run(period, ["closed", tenant_id()])
    assert checks.CHECKS[0].run().findings == (Finding(f"transfer {antedated.id}", "posted into 2026-01, closed"),)


def _period(books: Tenant, *arguments: str) -> Any:
    return manage("period", *arguments, "--tenant", books.key)


def test_the_command_closes_and_shows(march: Tenant) -> None:
    succeed("period", "close", "2026-01", "--tenant", march.key, "--reason", "reviewed")
    rows = succeed("period", "list", "--tenant", march.key, "--json").json
    assert [(row["month"], row["state"], row["reason"]) for row in rows] == [
        ("2026-01", "closed", "reviewed"),
        ("2026-02", "open", ""),
    ]
    assert "2026-01" in succeed("period", "list", "--tenant", march.key).out
    succeed("period", "reopen", "2026-01", "--tenant", march.key, "--reason", "an error")
    assert periods.open_from() is None


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("close", "2026-01"), 2, "reason: is required"),
        (("close",), 2, "month: is required"),
        (("list", "2026-01"), 2, "month: list takes none"),
        (("shut", "2026-01"), 2, "invalid choice: 'shut'"),
        (("close", "2026-05", "--reason", "r"), 1, "not_found: month: the books have no period '2026-05'"),
        (("open", "2026-99"), 2, "month: '2026-99' is not a month such as 2026-01"),
        (("open", "2026-07"), 1, "period_out_of_order: month: after 2026-01 comes 2026-02"),
    ],
)
def test_wrong_usage_and_refusals(march: Tenant, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = _period(march, *arguments)
    assert (done.code, done.out) == (code, "")
    assert told in done.err
