"""Pages of the console beside those of records: an app names the address, and the site lets only members in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase

View = Callable[..., HttpResponseBase]
_pages: list[tuple[str, View, str]] = []


def page(route: str, *, name: str) -> Callable[[View], View]:
    """Serves the decorated view at `route` below the console's address, as `admin:name`."""

    def add(view: View) -> View:
        _pages.append((route, view, name))
        return view

    return add


def pages() -> list[tuple[str, Any, str]]:
    """(route, view, name) of each."""
    return list(_pages)
