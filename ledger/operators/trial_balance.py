"""The trial balance in the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.console.addresses import page
from core.console.shown import address_of_list, figure, linked, table
from core.currency import CURRENCIES
from core.period import local_end
from ledger import selectors
from ledger.chart import account_name
from ledger.models import Account
from ledger.operators import days
from ledger.reports import TrialBalance


@page("ledger/trial-balance/", name="ledger_trial_balance")
def trial_balance(request: HttpRequest) -> HttpResponse:
    """Debits and credits of every code in every currency, now or as of the end of a day."""
    day = days.chosen(request.GET.get("as_of", ""))
    found = selectors.trial_balance(as_of=local_end(day, days.zone()) if day else None)
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
