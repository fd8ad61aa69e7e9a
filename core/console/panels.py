"""Pages made of panels: an app adds what it knows to a page that another app owns.

A page is named by its model ("customers.customer"), or "overview". Each panel is a template with the context
that its function gives for (request, subject); a function that gives None leaves the panel out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
from django.http import HttpRequest
from django.template.loader import render_to_string

Context = Callable[[HttpRequest, Any], dict[str, Any] | None]
TABLE = "console/table.html"


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a page."""

    order: int
    title: str
    template: str
    context: Context


class Rendered(msgspec.Struct, frozen=True):
    """A panel as it stands on the page."""

    title: str
    html: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A figure on the overview: one value, or one for each currency."""

    title: str
    values: tuple[str, ...]
    hint: str = ""
    href: str = ""
    #: Whether somebody should look at it.
    alarming: bool = False


_panels: dict[str, list[Panel]] = defaultdict(list)
_cards: list[tuple[int, Callable[[HttpRequest], Card]]] = []


def panel(page: str, *, order: int, title: str, template: str = TABLE) -> Callable[[Context], Context]:
    """Adds the panel whose context the decorated function gives."""

    def add(context: Context) -> Context:
        _panels[page].append(Panel(order=order, title=title, template=template, context=context))
        return context

    return add


def card(*, order: int) -> Callable[[Callable[[HttpRequest], Card]], Callable[[HttpRequest], Card]]:
    """Adds a card to the overview."""

    def add(made: Callable[[HttpRequest], Card]) -> Callable[[HttpRequest], Card]:
        _cards.append((order, made))
        return made

    return add


def rendered(page: str, request: HttpRequest, subject: Any) -> list[Rendered]:
    """The page's panels, in their order."""
    found = []
    for one in sorted(_panels[page], key=lambda one: one.order):
        context = one.context(request, subject)
        if context is not None:
            html = render_to_string(one.template, {"title": one.title, **context}, request=request)
            found.append(Rendered(one.title, html))
    return found


def cards(request: HttpRequest) -> list[Card]:
    """The overview's cards, in their order."""
    return [made(request) for _, made in sorted(_cards, key=lambda one: one[0])]
