"""Net, tax by category, and gross: sums of rounded lines (EN 16931)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.invoicing import totals
from billing.tax.adapter import TaxableLine, TaxCategory
from billing.tax.none import NoTax
from core.money import PICO, format_pico, parse_pico
from tests.billing.invoicing.drafting import entry, lines
from tests.support.agreements import named


class Standard:
    """21 % on everything, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[TaxableLine] = []

    def assess(self, asked: Sequence[TaxableLine]) -> list[TaxCategory]:
        self.asked = list(asked)
        net = sum(line.net for line in asked)
        return [
            TaxCategory(category="S", rate="21", taxable=net, tax=net * 21 // 100),
            TaxCategory(category="Z", rate="0", taxable=0, tax=0),
        ]


@pytest.mark.parametrize(
    ("amounts", "net", "rounding"),
    [
        (["10"], "10", "0"),
        (["0.005", "0.005"], "0", "-0.01"),
        (["0.015", "0.015"], "0.04", "0.01"),
        (["10.004", "-3.333"], "6.67", "-0.001"),
    ],
)
def test_totals_add_rounded_lines(amounts: list[str], net: str, rounding: str) -> None:
    """BR-CO-10: never the rounded sum of exact ones; what that leaves is told as `rounding`."""
    found = totals.of(lines(*(entry(one, key=f"k{n}") for n, one in enumerate(amounts))), NoTax())
    assert (format_pico(found.net), format_pico(found.rounding)) == (net, rounding)
    assert (found.tax, found.gross, found.categories) == (0, found.net, ())


def test_tax_is_what_the_engine_says_of_the_rounded_lines() -> None:
    """BR-CO-15: gross is net and the tax of all categories."""
    engine = Standard()
    found = totals.of(lines(entry("100.004", key="a"), entry("50", key="b")), engine)
    assert {one.line_id: format_pico(one.net) for one in engine.asked} == {
        str(named("a")): "100",
        str(named("b")): "50",
    }
    assert (found.net, found.tax, found.gross) == (150 * PICO, parse_pico("31.5"), parse_pico("181.5"))
    assert [one.category for one in found.categories] == ["S", "Z"]


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=5))
def test_net_and_rounding_always_tell_the_exact_sum(amounts: list[int]) -> None:
    """So that 1200 comes to nothing when the remainder is posted."""
    found = totals.of(lines(*(entry(format_pico(one), key=f"k{n}") for n, one in enumerate(amounts))), NoTax())
    assert found.net - found.rounding == sum(amounts)
    assert found.net % (PICO // 100) == 0
