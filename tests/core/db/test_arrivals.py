"""Ranges of arrivals: what is looked for is not all read at once, and none of it is missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import arrivals

numbers = st.integers(0, 2**40)


@pytest.mark.postgresql("MariaDB has an index by which rows are in order: one range holds all")
@given(after=numbers, through=numbers, wanted=st.integers(1, 8189), backward=st.booleans())
def test_ranges_widen_from_one_end_to_the_whole(after: int, through: int, wanted: int, backward: bool) -> None:
    """The first holds few more rows than are wanted; there are never many."""
    ranges = list(arrivals.ranges(after, through, wanted=wanted, backward=backward))
    widths = [high - low for low, high in ranges]
    assert widths == sorted(set(widths))
    assert all(width <= 4 * wanted for width in widths[:1])
    assert len(ranges) <= 14
    assert {high if backward else low for low, high in ranges} <= {through if backward else after}
    assert ranges[-1:] == ([(after, through)] if after < through else [])
