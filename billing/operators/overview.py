"""What billing adds to the overview: what is owed, what was invoiced, and what waits for somebody."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.urls import reverse

from billing.invoicing import documents, services
from billing.models import Invoice, Run, RunItem
from billing.operators import words
from core import clock
from core.console.panels import Card, card, panel
from core.console.shown import address_of_list, grouped, instant, link, number, pico_of, plain_money, table
from core.money import format_pico
from ledger import selectors as books
from ledger.chart import Code

_MONTHS = 12
_RUNS = 5
#: Keys of one statement at most.
_AT_ONCE = 5_000
_ISSUED = (Invoice.State.OPEN, Invoice.State.PAID)


@card(order=10)
def unbilled(request: HttpRequest) -> Card:
    return Card(
        title="Unbilled",
        values=_balances(Code.UNBILLED_RECEIVABLE),
        hint="booked, and on no document yet",
        href=reverse("admin:billing_drafts"),
    )


@card(order=20)
def receivable(request: HttpRequest) -> Card:
    return Card(
        title="Receivable",
        values=_balances(Code.ACCOUNTS_RECEIVABLE),
        hint="invoiced, and not paid yet",
        href=address_of_list(Invoice, state__exact=Invoice.State.OPEN.value),
    )


@card(order=30)
def overdue(request: HttpRequest) -> Card:
    today = clock.now().date()
    late = list(Invoice.objects.filter(state=Invoice.State.OPEN, due_on__lt=today).values_list("id", "currency"))
    sums: dict[str, int] = defaultdict(int)
    for start in range(0, len(late), _AT_ONCE):
        part = dict(late[start : start + _AT_ONCE])
        for identity, left in services.outstanding(list(part)).items():
            sums[part[identity]] += left
    return Card(
        title="Overdue",
        values=_written(sums.items()),
        hint=f"{len(late):,} invoices past their day" if late else "no invoice is past its day",
        href=address_of_list(Invoice, state__exact=Invoice.State.OPEN.value, due_on__lt=today),
        alarming=bool(late),
    )


@card(order=40)
def this_month(request: HttpRequest) -> Card:
    first = clock.now().date().replace(day=1)
    rows = Invoice.objects.filter(state__in=_ISSUED, issued_on__gte=first).values("currency")
    found = list(rows.annotate(count=Count("id"), total=Sum("gross")).order_by("currency"))
    count = sum(row["count"] for row in found)
    return Card(
        title=f"Invoiced in {first:%B}",
        values=_written((row["currency"], pico_of(row["total"])) for row in found),
        hint=f"{count:,} invoice{'' if count == 1 else 's'}",
        href=address_of_list(Invoice, issued_on__gte=first),
    )


@card(order=70)
def parked(request: HttpRequest) -> Card:
    later = RunItem.objects.filter(
        tree=OuterRef("tree"), cut_off_at=OuterRef("cut_off_at"), state=RunItem.State.APPLIED, id__gt=OuterRef("id")
    )
    count = RunItem.objects.filter(~Exists(later), state=RunItem.State.PARKED).count()
    return Card(
        title="Parked items",
        values=(f"{count:,}",),
        hint="customers that a run left out, with its reason" if count else "no customer was left out by a run",
        href=address_of_list(RunItem, state__exact=RunItem.State.PARKED.value),
        alarming=count > 0,
    )


@panel("overview", order=10, title="Invoiced by month", template="console/months.html")
def months(request: HttpRequest, _: Any) -> dict[str, Any]:
    span = _last_months(clock.now().date())
    rows = Invoice.objects.filter(state__in=_ISSUED, issued_on__gte=span[0]).annotate(month=TruncMonth("issued_on"))
    totals: dict[str, dict[date, int]] = defaultdict(dict)
    for row in rows.values("month", "currency").annotate(total=Sum("gross")).order_by("currency"):
        totals[row["currency"]][row["month"]] = pico_of(row["total"])
    return {"charts": [_chart(currency, span, sums) for currency, sums in sorted(totals.items())]}


@panel("overview", order=20, title="Last runs")
def runs(request: HttpRequest, _: Any) -> dict[str, Any]:
    rows = [
        [
            link(run, instant(run.started_at)),
            run.through,
            words.state_of(run),
            number(f"{run.items.count():,}"),
            number(f"{run.invoices.count():,}"),
            words.sums(run.booked),
        ]
        for run in Run.objects.order_by("-id")[:_RUNS]
    ]
    columns = ["Started", "Through", "State", "Items", "Invoices", "Booked"]
    empty = "No bill was run yet: bin/manage bill --tenant … --through DAY"
    more = (address_of_list(Run), "All runs") if len(rows) == _RUNS else None
    return table(columns, rows, right=["Items", "Invoices"], empty=empty, more=more)


def _balances(code: Code) -> tuple[str, ...]:
    return _written((row.currency, row.balance) for row in books.trial_balance().rows if row.code == code)


def _written(sums: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    return tuple(plain_money(pico, currency) for currency, pico in sorted(sums) if pico) or ("0",)


def _last_months(today: date) -> list[date]:
    number_of = today.year * 12 + today.month - 1
    return [date((number_of - back) // 12, (number_of - back) % 12 + 1, 1) for back in reversed(range(_MONTHS))]


def _chart(currency: str, span: list[date], sums: dict[date, int]) -> dict[str, Any]:
    digits = documents.digits_of(currency)
    amounts = [format_pico(sums.get(month, 0), places=digits) for month in span]
    data = {
        "labels": [f"{month:%b %Y}" for month in span],
        "datasets": [{"label": currency, "data": amounts, "backgroundColor": "var(--color-primary-600)"}],
    }
    rows = [(f"{month:%B %Y}", grouped(amount)) for month, amount in zip(span, amounts, strict=True)]
    total = grouped(format_pico(sum(sums.values()), places=digits))
    return {"currency": currency, "data": json.dumps(data), "options": _OPTIONS, "rows": rows, "total": total}


_OPTIONS = json.dumps(
    {
        "animation": False,
        "maintainAspectRatio": False,
        "plugins": {"legend": {"display": False}, "tooltip": {"displayColors": False}},
        "datasets": {"bar": {"borderRadius": 4, "maxBarThickness": 28, "categoryPercentage": 0.8}},
        "scales": {
            "x": {"grid": {"display": False}, "border": {"display": False}, "ticks": {"maxRotation": 0}},
            "y": {"beginAtZero": True, "border": {"display": False}, "ticks": {"maxTicksLimit": 5}},
        },
    }
)
