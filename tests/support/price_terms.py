"""Hypothesis strategies for what a price can say, and for quantities rated under it."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from contracts.prices import Committed, Flat, Graduated, Package, PerUnit, PriceTerms, Tier, Volume
from core.money import PICO

#: Pico-amounts and pico-quantities: round ones, and ones with digits down to the last place.
amounts = st.one_of(st.integers(0, 1000).map(lambda units: units * PICO), st.integers(0, 10**24))
quantities = st.one_of(st.integers(-50, 1000).map(lambda units: units * PICO), st.integers(-(10**15), 10**24))
sizes = amounts.filter(bool)
unit_amounts = st.builds(Fraction, st.integers(0, 10**8), st.integers(0, 16).map(lambda places: 10**places))
shares = st.fractions(min_value=0, max_value=1, max_denominator=366)


@st.composite
def tiers(draw: st.DrawFn, *, flat_amounts: st.SearchStrategy[int] = amounts) -> tuple[Tier, ...]:
    """One to five tiers; each may have a flat amount."""
    bounds = [*sorted(draw(st.sets(sizes, max_size=4))), None]
    return tuple(Tier(up_to=end, unit_amount=draw(unit_amounts), flat_amount=draw(flat_amounts)) for end in bounds)


flat = st.builds(Flat, amount=amounts)
per_unit = st.builds(PerUnit, unit_amount=unit_amounts)
graduated = st.builds(Graduated, tiers=tiers(), charge_zero=st.booleans())
volume = st.builds(Volume, tiers=tiers(), charge_zero=st.booleans())
package = st.builds(Package, package_size=sizes, amount_per_package=amounts, free_units=amounts)
committed = st.builds(Committed, included=amounts, amount=amounts, overage_unit_amount=unit_amounts)

#: The models whose amount never falls when more is used; volume is the one that may.
monotone: st.SearchStrategy[PriceTerms] = st.one_of(flat, per_unit, graduated, package, committed)
terms: st.SearchStrategy[PriceTerms] = st.one_of(monotone, volume)
