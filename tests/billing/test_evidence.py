"""Ratings and spans as JSON beside each charge, and back."""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from billing.due import SubjectSpan
from billing.evidence import dump_rated, dump_spans, read_rated, read_spans
from billing.rating import rate
from billing.rating.lines import difference
from contracts.prices import PriceTerms
from core.money import PICO
from core.period import BEGINNING, FOREVER
from metering.values import UsageValue
from tests.support.price_terms import quantities, shares, terms
from tests.support.rating import price
from tests.support.world import instant


@given(terms, quantities, shares)
def test_a_rating_is_read_back_exactly_from_json(one: PriceTerms, quantity: int, share: Fraction) -> None:
    """Whatever the price and the share of the period: no digit is lost on the way through the database."""
    rated = rate(one, UsageValue(quantity=quantity), share=share)
    assert read_rated(json.loads(json.dumps(dump_rated(rated)))) == rated


@given(terms, quantities, quantities)
def test_so_is_the_difference_of_two(one: PriceTerms, quantity: int, before: int) -> None:
    moved = difference(rate(one, UsageValue(quantity=quantity)), rate(one, UsageValue(quantity=before)))
    assert read_rated(json.loads(json.dumps(dump_rated(moved)))) == moved


def test_a_rating_is_kept_in_words_that_an_auditor_reads() -> None:
    tiers = [{"up_to": "1000", "unit_amount": "0.0123"}, {"up_to": None, "unit_amount": "0.01", "flat_amount": "5"}]
    rated = rate(price("graduated", tiers=tiers), UsageValue(quantity=1500 * PICO))
    assert dump_rated(rated) == [
        {
            "from": "0",
            "to": "1000",
            "quantity": "1000",
            "unit_amount": "0.0123",
            "flat_amount": "0",
            "share": "1",
        },
        {
            "from": "1000",
            "to": None,
            "quantity": "500",
            "unit_amount": "0.01",
            "flat_amount": "5",
            "share": "1",
        },
    ]


INSTANTS = st.integers(0, 10**15).map(lambda n: instant("2020-01-01") + timedelta(microseconds=n))
SPANS = st.lists(st.builds(SubjectSpan, st.text(max_size=8), INSTANTS, INSTANTS), max_size=3)


@given(SPANS)
def test_spans_are_read_back_to_the_microsecond(spans: list[SubjectSpan]) -> None:
    assert read_spans(json.loads(json.dumps(dump_spans(spans)))) == spans


def test_the_ends_of_time_are_instants_too() -> None:
    span = SubjectSpan("app", BEGINNING, FOREVER)
    assert read_spans(dump_spans([span])) == [span]
