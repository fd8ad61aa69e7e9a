"""Which terms hold at a moment: the fold of a subscription's amendments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from contracts.values import Amendment
from core.period import FOREVER


class Terms(msgspec.Struct, frozen=True):
    """The plan version in force and the quantities by name (pico-quantities)."""

    plan_version: UUID
    quantities: dict[str, int]


def in_order(amendments: Iterable[Amendment]) -> list[Amendment]:
    """By the instant from which they count; of two at one instant the later recorded acts last."""
    return sorted(amendments, key=lambda one: (one.effective_at, one.number))


def terms_at(amendments: Sequence[Amendment], instant: datetime) -> Terms | None:
    """What holds at `instant`; None before the start and from the end on."""
    terms: Terms | None = None
    for amendment in in_order(amendments):
        if amendment.effective_at > instant:
            break
        if amendment.change.end:
            return None
        terms = _applied(terms, amendment)
    return terms


def end_of(amendments: Sequence[Amendment]) -> datetime:
    """The first instant at which the subscription is over; FOREVER while nobody ended it."""
    return min((one.effective_at for one in amendments if one.change.end), default=FOREVER)


def _applied(terms: Terms | None, amendment: Amendment) -> Terms:
    change = amendment.change
    version = change.plan_version or (terms.plan_version if terms else None)
    if version is None:
        raise ValueError("the first amendment names the plan")
    return Terms(plan_version=version, quantities={**(terms.quantities if terms else {}), **change.quantities})
