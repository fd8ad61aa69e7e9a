"""Opening, closing and reopening the months of the books.

Months are closed in order: what lies before the end of the last closed one is closed, whether it was ever opened or
not. What is posted later and belongs there counts from the beginning of open time, and says where it belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NoReturn

from core import audit, clock, outbox
from core.access.scope import tenant_id
from core.actor import Actor
from core.db import writers
from core.db.transaction import atomic
from core.errors import InvalidValue, NotFound, Refusal
from core.events import Event
from core.models import Tenant
from core.period import local_midnight, zone_named
from ledger.models import AccountingPeriod

#: Part of what the database says when it refuses; the triggers name it.
REFUSAL = "ledger_period_closed"
_PATIENCE_MILLISECONDS = 5000


class PeriodClosed(Refusal):
    """Something was to be posted into time that is closed: `open_from` is where open time begins.

    `index` is the first in its batch that was.
    """

    code = "period_closed"


class PeriodOutOfOrder(Refusal):
    """Months follow one another without gap, are closed in order, and the last closed one is reopened first."""

    code = "period_out_of_order"


class PeriodNotOver(Refusal):
    """A month is closed when it is over."""

    code = "period_not_over"


def open_from() -> datetime | None:
    """Where the open time of the tenant in scope begins; None where nothing was ever closed."""
    closed = AccountingPeriod.objects.filter(state=AccountingPeriod.State.CLOSED)
    last: datetime | None = closed.order_by("-end_at").values_list("end_at", flat=True).first()
    return last


def refuse(effective: Sequence[datetime]) -> NoReturn:
    """Says what the database meant when it named REFUSAL, of transfers that count from then. Raises PeriodClosed."""
    began = open_from()
    told = "" if began is None else f": what is posted counts from {began.isoformat()} on"
    index = next((index for index, at in enumerate(effective) if began and at < began), None)
    raise PeriodClosed(f"the accounting period is closed{told}", field="effective_at", open_from=began, index=index)


def open_period(*, month: str, actor: Actor) -> AccountingPeriod:
    """The first month of the books, or the one after the last; one that is there is returned as it is.

    Raises InvalidValue, PeriodOutOfOrder, GateBusy.
    """
    _first_day(month)
    with atomic():
        tenant = _alone()
        known: AccountingPeriod | None = AccountingPeriod.objects.filter(month=month).first()
        return known or _opened(month, tenant, actor)


def close(*, month: str, reason: str, actor: Actor) -> AccountingPeriod:
    """Closes a month and opens the next: what is being posted is waited for, and none comes after.

    Closing a closed one changes nothing. Raises NotFound, InvalidValue, PeriodOutOfOrder, PeriodNotOver, GateBusy.
    """
    with atomic():
        tenant = _alone()
        row = _named(month)
        if row.state == AccountingPeriod.State.CLOSED:
            return row
        earlier = AccountingPeriod.objects.filter(state=AccountingPeriod.State.OPEN, end_at__lte=row.start_at)
        if (first := earlier.order_by("start_at").first()) is not None:
            raise PeriodOutOfOrder(f"{first.month} is still open", field="month")
        if row.end_at > clock.of(tenant):
            raise PeriodNotOver(f"{month} is not over before {row.end_at.isoformat()}", field="month")
        row.close()
        _changed(row, reason, Event.PERIOD_CLOSED, actor)
        if not AccountingPeriod.objects.filter(start_at__gte=row.end_at).exists():
            _opened(_following(month), tenant, actor)
    return row


def reopen(*, month: str, reason: str, actor: Actor) -> AccountingPeriod:
    """Lets the last closed month be posted into again; one that is open is returned as it is.

    Raises NotFound, InvalidValue, PeriodOutOfOrder, GateBusy.
    """
    with atomic():
        _alone()
        row = _named(month)
        if row.state == AccountingPeriod.State.OPEN:
            return row
        later = AccountingPeriod.objects.filter(state=AccountingPeriod.State.CLOSED, start_at__gte=row.end_at)
        if (last := later.order_by("-start_at").first()) is not None:
            raise PeriodOutOfOrder(f"{last.month} is closed: reopen it first", field="month")
        row.reopen()
        _changed(row, reason, Event.PERIOD_REOPENED, actor)
    return row


def _alone() -> Tenant:
    """The tenant in scope, while nobody else adds to the books until the transaction ends. Raises GateBusy.

    Before any lock, and instead of one: whoever has locked the tenant's row may be waiting for this to end.
    """
    writers.exclude(wait_milliseconds=_PATIENCE_MILLISECONDS)
    return Tenant.objects.get(pk=tenant_id())


def _named(month: str) -> AccountingPeriod:
    row: AccountingPeriod | None = AccountingPeriod.objects.filter(month=month).first()
    if row is None:
        _first_day(month)
        raise NotFound(f"the books have no period {month!a}: open it first", field="month")
    return row


def _changed(row: AccountingPeriod, reason: str, event: Event, actor: Actor) -> None:
    if not reason.strip():
        raise InvalidValue("is required", field="reason")
    row.reason, row.changed_at = reason, clock.now()
    row.save()
    after = {"month": row.month, "state": row.state}
    audit.record(actor=actor, event=event, subject=row, at=row.changed_at, after=after, reason=reason)
    outbox.publish(event=event, subject=row, at=row.changed_at, payload=after)


def _opened(month: str, tenant: Tenant, actor: Actor) -> AccountingPeriod:
    last = AccountingPeriod.objects.order_by("-start_at").first()
    if last is not None and month != _following(last.month):
        raise PeriodOutOfOrder(f"after {last.month} comes {_following(last.month)}", field="month")
    zone = zone_named(tenant.time_zone)
    row = AccountingPeriod(
        month=month,
        # Where the tenant moved to another zone, the month begins where the last one ended.
        start_at=last.end_at if last else local_midnight(_first_day(month), zone),
        end_at=local_midnight(_first_day(_following(month)), zone),
        changed_at=clock.of(tenant),
    )
    row.save(force_insert=True)
    after = {"month": month, "state": row.state}
    audit.record(actor=actor, event=Event.PERIOD_OPENED, subject=row, at=row.changed_at, after=after)
    outbox.publish(event=Event.PERIOD_OPENED, subject=row, at=row.changed_at, payload=after)
    return row


def _first_day(month: str) -> date:
    try:
        found = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise InvalidValue(f"{month!a} is not a month such as 2026-01", field="month") from None
    if f"{found:%Y-%m}" != month or not 1970 <= found.year <= 2200:
        raise InvalidValue(f"{month!a} is not a month such as 2026-01", field="month")
    return found


def _following(month: str) -> str:
    first = _first_day(month)
    return f"{first.year + first.month // 12:04}-{first.month % 12 + 1:02}"
