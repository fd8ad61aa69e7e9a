"""Which subjects' usage belongs to which subscription, and when (billing rules §3.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billing.due import SubjectSpan
from contracts.values import SubscriptionFacts
from core.period import Period
from customers.values import ClaimedSubject


def subject_spans(subscription: SubscriptionFacts, claims: Iterable[ClaimedSubject]) -> list[SubjectSpan]:
    """A subscription's own subjects; without any, those of its customer that no subscription claims for itself."""
    customers_own = [one for one in claims if one.customer_id == subscription.customer_id]
    own = [one for one in customers_own if one.subscription_id == subscription.id]
    if own:
        return [SubjectSpan(one.subject, one.period.start, one.period.end) for one in own]
    narrower = [one for one in customers_own if one.subscription_id is not None]
    return [
        SubjectSpan(one.subject, left.start, left.end)
        for one in customers_own
        if one.subscription_id is None
        for left in _without(one.period, [other.period for other in narrower if other.subject == one.subject])
    ]


def _without(period: Period, taken: Sequence[Period]) -> list[Period]:
    left = [period]
    for hole in taken:
        left = [
            piece
            for one in left
            for piece in (Period(one.start, min(one.end, hole.start)), Period(max(one.start, hole.end), one.end))
            if piece
        ]
    return left
