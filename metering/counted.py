"""Which events count between several views of the same usage, and how often. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

import msgspec

from metering.values import View


class Piece(msgspec.Struct, frozen=True):
    """One subject's time, in which an event counts `times` for each (watermark, times) that sees it."""

    subject: str
    start: datetime
    end: datetime
    seen: tuple[tuple[int, int], ...]


def pieces(views: Iterable[View]) -> list[Piece]:
    """The views' time, cut so that no two pieces overlap; where the views take each other away, there is none."""
    by_subject: dict[str, list[tuple[datetime, datetime, int, int]]] = defaultdict(list)
    for view in views:
        for span in view.spans:
            by_subject[span.subject].append((span.start, span.end, view.watermark, view.times))
    return [piece for subject, times in by_subject.items() for piece in _cut(subject, times)]


def _cut(subject: str, times: list[tuple[datetime, datetime, int, int]]) -> list[Piece]:
    cuts = sorted({instant for start, end, _, _ in times for instant in (start, end)})
    found = []
    for start, end in pairwise(cuts):
        seen = _summed((watermark, n) for since, until, watermark, n in times if since <= start and end <= until)
        if seen:
            found.append(Piece(subject, start, end, seen))
    return found


def _summed(seen: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    sums: dict[int, int] = defaultdict(int)
    for watermark, times in seen:
        sums[watermark] += times
    return tuple(sorted((watermark, times) for watermark, times in sums.items() if times))
