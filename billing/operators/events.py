"""The usage events behind a line, as a page shows them: those added apart from those taken away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from billing import explain
from core.console.shown import grouped, instant, linked, number, table

_EVENTS = 50


def lists(request: HttpRequest, found: explain.Evidence, currency: str) -> list[dict[str, Any]]:
    """The events added, and on a line that corrects those taken away, a page of each."""
    if not found.changes_only:
        return [_list(request, found, currency, "events", "The events")]
    return [
        _list(request, found, currency, explain.ADDED, "Added since the earlier document"),
        _list(request, found, currency, explain.TAKEN_AWAY, "Taken away since the earlier document"),
    ]


def _list(request: HttpRequest, found: explain.Evidence, currency: str, name: str, title: str) -> dict[str, Any]:
    after, sign = request.GET.get(name, ""), -1 if name == explain.TAKEN_AWAY else 1
    start = int(after) if after.isdecimal() else 0
    events = list(islice(explain.events(found, after=start, sign=sign), _EVENTS + 1))
    query = request.GET.copy()
    first = _without(query, name)
    if len(events) > _EVENTS:
        query[name] = str(events[_EVENTS - 1].number)
    return {
        "name": name,
        "title": title,
        "table": _events([explain.event_json(event, found.price) for event in events[:_EVENTS]], currency),
        "first": f"?{first.urlencode()}" if after else "",
        "more": f"?{query.urlencode()}" if len(events) > _EVENTS else "",
    }


def _without(query: QueryDict, name: str) -> QueryDict:
    left = query.copy()
    left.pop(name, None)
    return left


def _events(events: list[dict[str, Any]], currency: str) -> dict[str, Any]:
    """A row an event; columns that are empty throughout are left out."""
    columns: dict[str, Callable[[dict[str, Any]], Any]] = {
        "Time": lambda one: instant(datetime.fromisoformat(one["time"])),
        "Subject": lambda one: one["subject"],
        "Id": _event_link,
        "Source": lambda one: one["source"],
        "Value": lambda one: number("" if one["value"] is None else grouped(str(one["value"]))),
        "Quantity": lambda one: number(grouped(one["quantity"])),
        "Amount": lambda one: number("" if one["amount"] is None else f"{currency} {grouped(one['amount'])}"),
        "Voided": lambda one: "voided" if one["voided"] else "",
    }
    empty = {title for title, name in _MAY_BE_EMPTY.items() if not any(one[name] for one in events)}
    if all(one["value"] == one["quantity"] for one in events):
        empty.add("Quantity")
    shown = {title: cell for title, cell in columns.items() if title not in empty}
    rows = [[cell(one) for cell in shown.values()] for one in events]
    return table(list(shown), rows, right=["Value", "Quantity", "Amount"], empty="There are none.")


_MAY_BE_EMPTY = {"Value": "value", "Amount": "amount", "Voided": "voided"}


def _event_link(event: dict[str, Any]) -> Any:
    return linked(reverse("admin:metering_event_change", args=[event["number"]]), event["id"])
