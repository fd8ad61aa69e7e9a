"""Which usage a charge counted, as a sum of what was once seen: a reversal has none of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from billing import evidence
from billing.due import SubjectSpan
from billing.models import Charge

#: Whose usage, and as of which watermark.
Seen = tuple[tuple[SubjectSpan, ...], int]


def by(charges: Iterable[Charge], known: Iterable[Charge]) -> dict[Seen, int]:
    """How often each was counted by these charges of a key, less what the charges right before them counted.

    `known` are all charges of the key up to the last of them, in order. What cancels is left out.
    """
    counts = _counts(known)
    total: Counter[Seen] = Counter()
    for charge in charges:
        _add(total, counts[charge.n])
        _add(total, counts.get(charge.n - 1, Counter()), -1)
    return {seen: times for seen, times in total.items() if times}


def _counts(known: Iterable[Charge]) -> dict[int, Counter[Seen]]:
    """By n: what the whole key counted after that charge."""
    counts: dict[int, Counter[Seen]] = {}
    places = {}
    for charge in known:
        places[charge.id] = charge.n
        if charge.reverses_id is None:
            spans = tuple(evidence.read_spans(charge.spans))
            counts[charge.n] = Counter({(spans, charge.watermark): 1} if spans else {})
            continue
        # What a reversal takes back is what its charge moved.
        counts[charge.n], taken = Counter(counts[charge.n - 1]), places[charge.reverses_id]
        _add(counts[charge.n], counts[taken], -1)
        _add(counts[charge.n], counts.get(taken - 1, Counter()))
    return counts


def _add(total: Counter[Seen], more: Counter[Seen], times: int = 1) -> None:
    for seen, count in more.items():
        total[seen] += times * count
