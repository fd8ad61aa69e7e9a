"""Metering's own pages in the console, and what it adds to the overview."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from django.contrib import admin
from django.core.cache import cache
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from core.access.scope import tenant_id
from core.console.addresses import page
from core.console.finding import by_id, by_key, finder
from core.console.panels import Card, card
from core.console.shown import address_of_list, instant, linked, number, table
from metering import selectors
from metering.models import Batch, Event, Meter, Quarantined
from metering.selectors import UnknownSubject

_SHOWN = 200
#: Finding them reads every event: not on each visit of the overview.
_KEPT_SECONDS = 60


@finder(order=40)
def found(text: str) -> Iterable[Model]:
    return chain(by_key(text, Meter), by_id(text, Batch, Quarantined))


@card(order=50)
def quarantine(request: HttpRequest) -> Card:
    count = selectors.quarantine().count()
    return Card(
        title="In quarantine",
        values=(f"{count:,}",),
        hint="events to mend, send again or dismiss" if count else "everything that was sent could be read",
        href=address_of_list(Quarantined, state__exact=Quarantined.State.OPEN.value),
        alarming=count > 0,
    )


@card(order=60)
def unknown(request: HttpRequest) -> Card:
    count = len(_unknown_subjects())
    shown = f"{count:,}" if count < _SHOWN else f"{_SHOWN:,} or more"
    return Card(
        title="Unknown subjects",
        values=(shown,),
        hint="their usage waits until a customer claims them" if count else "every event belongs to a customer",
        href=reverse("admin:metering_unknown_subjects"),
        alarming=count > 0,
    )


@page("metering/unknown-subjects/", name="metering_unknown_subjects")
def unknown_subjects(request: HttpRequest) -> HttpResponse:
    """Subjects whose events nobody is charged for."""
    rows = [
        [
            linked(address_of_list(Event, q=one.subject), one.subject),
            number(f"{one.events:,}"),
            instant(one.first_at),
            instant(one.last_at),
        ]
        for one in selectors.unknown_subjects(limit=_SHOWN)
    ]
    columns = ["Subject", "Events", "First", "Last"]
    empty = "There is none: at the time of each event, a customer claims its subject."
    context = {
        **admin.site.each_context(request),
        "title": "Unknown subjects",
        "about": "Events are kept, and billed as soon as a customer claims their subject in the book file.",
        **table(columns, rows, right=["Events"], empty=empty),
    }
    return render(request, "console/list.html", context)


def _unknown_subjects() -> list[UnknownSubject]:
    name = f"unknown-subjects:{tenant_id()}"
    found: list[UnknownSubject] | None = cache.get(name)
    if found is None:
        found = selectors.unknown_subjects(limit=_SHOWN)
        cache.set(name, found, _KEPT_SECONDS)
    return found
