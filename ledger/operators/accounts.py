"""An account in the console: its last movements, and its statement of any span of days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.console.addresses import page
from core.console.finding import by_id, finder
from core.console.panels import panel
from core.console.shown import address_of_list, figure, instant, link, number, plain_money, table
from core.db.snapshot import snapshot
from core.errors import InvalidValue
from core.period import local_midnight
from ledger import cursors
from ledger.accounts import commodity
from ledger.chart import transfer_name
from ledger.models import Account, Transfer
from ledger.operators import days
from ledger.reports import Movement, Place, Statement
from ledger.statements import Span, closing_balance, latest, statement

#: Movements of a page, and of an account's own page.
_SHOWN, _LATEST = 50, 20
_DAY = timedelta(days=1)
#: In some zones the first year begins a day before there are years.
_EARLIEST = date.min + _DAY
_SIDES = ["Debit", "Credit", "Balance"]
_COLUMNS = ["Effective", "For", "Other account", *_SIDES]


@finder(order=60)
def found(text: str) -> Iterable[Model]:
    return by_id(text, Account, Transfer)


@panel("ledger.account", order=10, title="Last movements")
def movements(request: HttpRequest, account: Account) -> dict[str, Any]:
    with snapshot():
        rows = [_row(movement, _counted(account)) for movement in latest(account.pk, limit=_LATEST)]
    more = (reverse("admin:ledger_statement", args=[account.pk]), "Statement")
    return table(_COLUMNS, rows, right=_SIDES, empty="Nothing was posted to it.", more=more)


@page("ledger/account/<uuid:pk>/statement/", name="ledger_statement")
def account_statement(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What counted on an account from the beginning of a day to the end of another, page by page."""
    account = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    first, last = (days.chosen(request.GET.get(name, "")) for name in ("from", "to"))
    context = {
        **admin.site.each_context(request),
        "title": f"Statement of {account}",
        "account": link(account),
        "customer": account.customer and link(account.customer),
        "commodity": _counted(account),
        "transfers": address_of_list(Transfer, q=account.pk),
        "from": first,
        "to": last,
    }
    try:
        context |= _shown(account, first, last, request.GET.get("cursor", ""))
    except InvalidValue as refusal:
        context["refusal"] = str(refusal)
    return render(request, "console/statement.html", context)


def _shown(account: Account, first: date | None, last: date | None, cursor: str) -> dict[str, Any]:
    span = _span(first, last)
    after = cursors.read(cursor, [account.pk], span)[1] if cursor else None
    with snapshot():
        found = statement(account.pk, span=span, after=after, limit=_SHOWN)
        missed = 0 if found.next or not after else closing_balance(account.pk, span=span) - found.closing
    asked = {name: day for name, day in (("from", first), ("to", last)) if day}
    further = cursors.written(account.pk, span, found.next)
    return {
        **table(_COLUMNS, _rows(found, after, _counted(account)), right=_SIDES, empty=""),
        "before": urlencode(asked) if after else None,
        "further": further and urlencode(asked | {"cursor": further}),
        "missed": missed and plain_money(missed, _counted(account)),
    }


def _span(first: date | None, last: date | None) -> Span:
    """Raises InvalidValue where it would end before it begins."""
    if first and last and last < first:
        raise InvalidValue("is a day before the first", field="to")
    zone = days.zone()
    start = local_midnight(max(first, _EARLIEST), zone) if first else None
    return Span(start=start, end=local_midnight(last + _DAY, zone) if last else None)


def _rows(found: Statement, after: Place | None, currency: str) -> list[Sequence[Any]]:
    above = "Brought forward" if after else "Opening balance"
    below = "Carried forward" if found.next else "Closing balance"
    return [
        ["", above, "", "", "", _balance(found.opening, currency)],
        *(_row(movement, currency) for movement in found.movements),
        ["", below, "", "", "", _balance(found.closing, currency)],
    ]


def _row(movement: Movement, currency: str) -> Sequence[Any]:
    other = Account(pk=movement.counter_id, code=movement.counter_code, sub=movement.counter_sub)
    late = f", belongs to {instant(movement.belongs_at)}" if movement.belongs_at else ""
    return [
        link(Transfer(pk=movement.transfer_id), instant(movement.effective_at)),
        f"{transfer_name(movement.code)}{late}",
        link(other),
        figure(max(0, movement.amount), currency),
        figure(max(0, -movement.amount), currency),
        _balance(movement.balance, currency),
    ]


def _balance(pico: int, currency: str) -> str:
    """Also where it is nothing."""
    return number(plain_money(pico, currency).partition(" ")[2])


def _counted(account: Account) -> str:
    """What the account counts."""
    return commodity(account.currency, account.ledger)
