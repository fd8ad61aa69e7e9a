"""Finding a record by what people have in hand: a number, a key, an id from a log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from core.console.addresses import page
from core.console.shown import address_of, link, table

Finder = Callable[[str], Iterable[Model]]
_EACH = 20
_LONGEST = 300
_finders: list[tuple[int, Finder]] = []


def finder(*, order: int) -> Callable[[Finder], Finder]:
    """Asks the decorated function, which gives the records that a text means, whenever an operator looks for one."""

    def add(find: Finder) -> Finder:
        _finders.append((order, find))
        return find

    return add


@page("find/", name="find")
def find(request: HttpRequest) -> HttpResponse:
    """The record that was meant; a list where several could be."""
    text = request.GET.get("q", "").strip().replace("\x00", "")[:_LONGEST]
    found = list(_found(text)) if text else []
    if len(found) == 1 and (address := address_of(found[0])):
        return HttpResponseRedirect(address)
    rows = [[str(one._meta.verbose_name).capitalize(), link(one)] for one in found]
    context = {
        **admin.site.each_context(request),
        "title": "Find",
        "about": f"Records that “{text}” could mean." if found else "",
        "sought": text,
        **table(["Record", "Name"], rows, empty=_hint(text)),
    }
    return render(request, "console/list.html", context)


def _found(text: str) -> Iterable[Model]:
    for _, ask in sorted(_finders, key=lambda one: one[0]):
        for count, record in enumerate(ask(text)):
            if count == _EACH:
                break
            yield record


def by_key(text: str, *models: type[Any]) -> Iterable[Model]:
    """The records of each model that have the key."""
    return chain.from_iterable(model.objects.filter(key=text) for model in models)


def by_id(text: str, *models: type[Any]) -> Iterable[Model]:
    """The records of each model that have the id; none for a text that is none."""
    try:
        wanted = UUID(text)
    except ValueError:
        return ()
    return chain.from_iterable(model.objects.filter(pk=wanted) for model in models)


def _hint(text: str) -> str:
    meant = f"“{text}” means nothing here. " if text else ""
    return f"{meant}Look for an invoice's number, the key of a customer, subscription, plan or meter, or any id."
