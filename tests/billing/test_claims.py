"""Which subjects' usage belongs to which subscription, and when (billing rules §3.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.claims import subject_spans
from core.period import BEGINNING, FOREVER, Period
from customers.values import ClaimedSubject
from tests.support.agreements import amendment, named, subscription
from tests.support.world import instant

OURS = subscription(amendment(0, "2026-01-01", plan="plan"))
#: (subject, from, to, the one subscription that claims it, whose it is).
Said = tuple[str, str | None, str | None, str | None, str]


def _claims(*said: Said) -> list[ClaimedSubject]:
    return [
        ClaimedSubject(
            named(customer),
            named(only) if only else None,
            subject,
            Period(instant(start) if start else BEGINNING, instant(end) if end else FOREVER),
        )
        for subject, start, end, only, customer in said
    ]


def _spans(*said: Said) -> list[tuple[str, str, str]]:
    return [(one.subject, f"{one.start:%m-%d}", f"{one.end:%m-%d}") for one in subject_spans(OURS, _claims(*said))]


@pytest.mark.parametrize(
    ("said", "spans"),
    [
        ([], []),
        (
            [("a", "2026-02-01", "2026-03-01", None, "c-01"), ("b", "2026-02-01", "2026-04-01", None, "c-01")],
            [("a", "02-01", "03-01"), ("b", "02-01", "04-01")],
        ),
        # Another customer's are nobody's business here.
        ([("a", "2026-02-01", "2026-03-01", None, "c-02"), ("b", "2026-02-01", "2026-03-01", "s-01", "c-02")], []),
        # With subjects of its own, the customer's are not its.
        (
            [("a", "2026-02-01", "2026-06-01", None, "c-01"), ("b", "2026-03-01", "2026-04-01", "s-01", "c-01")],
            [("b", "03-01", "04-01")],
        ),
        # Without any, it gets the customer's but for what another subscription claims for itself.
        (
            [("a", "2026-02-01", "2026-06-01", None, "c-01"), ("b", "2026-03-01", "2026-04-01", "s-02", "c-01")],
            [("a", "02-01", "06-01")],
        ),
        (
            [("a", "2026-02-01", "2026-06-01", None, "c-01"), ("a", "2026-03-01", "2026-04-01", "s-02", "c-01")],
            [("a", "02-01", "03-01"), ("a", "04-01", "06-01")],
        ),
        (
            [("a", "2026-02-01", "2026-06-01", None, "c-01"), ("a", "2026-01-01", "2026-03-01", "s-02", "c-01")],
            [("a", "03-01", "06-01")],
        ),
        (
            [("a", "2026-02-01", "2026-06-01", None, "c-01"), ("a", "2026-01-01", "2026-12-01", "s-02", "c-01")],
            [],
        ),
        (
            [
                ("a", "2026-02-01", "2026-06-01", None, "c-01"),
                ("a", "2026-03-01", "2026-03-10", "s-02", "c-01"),
                ("a", "2026-03-10", "2026-03-20", "s-03", "c-01"),
            ],
            [("a", "02-01", "03-01"), ("a", "03-20", "06-01")],
        ),
    ],
)
def test_a_subscriptions_own_subjects_or_what_no_other_claims(
    said: list[Said], spans: list[tuple[str, str, str]]
) -> None:
    assert _spans(*said) == spans


def test_what_is_claimed_for_all_time_stays_so() -> None:
    (span,) = subject_spans(OURS, _claims(("a", None, None, None, "c-01")))
    assert (span.start, span.end) == (BEGINNING, FOREVER)


MONTHS = st.integers(1, 12).map(lambda month: f"2026-{month:02}-01")


@given(st.lists(st.tuples(MONTHS, MONTHS, st.sampled_from(["s-02", "s-03"])), max_size=4), MONTHS)
def test_at_no_instant_does_usage_belong_to_two_or_to_nobody(narrower: list[tuple[str, str, str]], at: str) -> None:
    """Half-open: the instant at which one ends is the other's."""
    taken: list[Said] = [("a", min(one, other), max(one, other), only, "c-01") for one, other, only in narrower]
    claims: list[Said] = [("a", None, None, None, "c-01"), *taken]
    theirs = any(instant(str(start)) <= instant(at) < instant(str(end)) for _, start, end, _, _ in taken)
    ours = [one for one in subject_spans(OURS, _claims(*claims)) if one.start <= instant(at) < one.end]
    assert len(ours) == (0 if theirs else 1)
