"""The ledger's own pages in the console."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.access.scope import tenant_id
from core.console.addresses import page
from core.console.finding import by_id, finder
from core.console.panels import panel
from core.console.shown import address_of_list, figure, instant, link, linked, money, table
from core.currency import CURRENCIES
from core.models import Tenant
from core.period import local_end, zone_named
from ledger import selectors
from ledger.chart import account_name, transfer_name
from ledger.models import Account, Transfer
from ledger.reports import TrialBalance

_SHOWN = 50


@page("ledger/trial-balance/", name="ledger_trial_balance")
def trial_balance(request: HttpRequest) -> HttpResponse:
    """Debits and credits of every code in every currency, now or as of the end of a day."""
    day = _day(request.GET.get("as_of", ""))
    as_of = local_end(day, zone_named(Tenant.objects.get(pk=tenant_id()).time_zone)) if day else None
    found = selectors.trial_balance(as_of=as_of)
    context = {
        **admin.site.each_context(request),
        "title": "Trial balance",
        "as_of": day,
        "currencies": [_currency(found, code) for code in sorted(found.totals())],
    }
    return render(request, "console/trial_balance.html", context)


def _currency(found: TrialBalance, currency: str) -> dict[str, Any]:
    rows = [
        [
            linked(
                address_of_list(Account, code=row.code, **_chosen(currency)),
                f"{row.code} {account_name(row.code)}",
            ),
            *(figure(one, currency) for one in (row.debits, row.credits, max(0, row.balance), max(0, -row.balance))),
        ]
        for row in found.rows
        if row.currency == currency
    ]
    balances = [row.balance for row in found.rows if row.currency == currency]
    debit, credit = found.totals()[currency]
    sums = [debit, credit, sum(one for one in balances if one > 0), -sum(one for one in balances if one < 0)]
    columns = ["Account", "Debits", "Credits", "Debit balance", "Credit balance"]
    made = table(columns, rows, right=columns[1:], empty="")
    total = [figure(one, currency) for one in sums]
    return {"code": currency, **made, "total": total, "balanced": sums[0] == sums[1] and sums[2] == sums[3]}


def _chosen(commodity: str) -> dict[str, str]:
    """How the list of accounts chooses those that count it."""
    return {"currency__exact": commodity} if commodity in CURRENCIES else {"ledger__exact": commodity.removeprefix("L")}


@finder(order=60)
def found(text: str) -> Iterable[Model]:
    return by_id(text, Account, Transfer)


@panel("ledger.account", order=10, title="Last movements")
def movements(request: HttpRequest, account: Account) -> dict[str, Any]:
    chosen = Transfer.objects.filter(Q(debit_account=account) | Q(credit_account=account))
    latest = chosen.select_related("debit_account", "credit_account").order_by("-effective_at", "-timestamp")
    rows = [
        [
            link(one, instant(one.effective_at)),
            transfer_name(one.code),
            link(one.credit_account if one.debit_account_id == account.id else one.debit_account),
            money(one.amount if one.debit_account_id == account.id else -one.amount, account.currency),
        ]
        for one in latest[:_SHOWN]
    ]
    columns = ["Effective", "For", "Other account", "Amount"]
    more = (address_of_list(Transfer, q=account.id), "All transfers")
    return table(columns, rows, right=["Amount"], empty="Nothing was posted to it.", more=more)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found < date.max - timedelta(days=1) else None
