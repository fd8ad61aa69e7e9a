"""Windows of arrivals: what is looked for is not all read at once, and none of it is missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import arrivals

numbers = st.integers(0, 2**40)


@pytest.mark.postgresql("MariaDB has an index by which rows are in order: one window holds all")
@given(after=numbers, through=numbers, wanted=st.integers(1, 8189), backward=st.booleans())
def test_windows_lie_side_by_side_and_cover_the_range(after: int, through: int, wanted: int, backward: bool) -> None:
    """The first holds few more rows than are wanted; there are never many."""
    windows = list(arrivals.windows(after, through, wanted=wanted, backward=backward))
    assert all(low < high for low, high in windows)
    assert all(high - low <= 4 * wanted for low, high in windows[:1])
    assert len(windows) <= 14
    in_order = windows[::-1] if backward else windows
    assert [low for low, _ in in_order[1:]] == [high for _, high in in_order[:-1]]
    if after < through:
        assert (in_order[0][0], in_order[-1][1]) == (after, through)
    else:
        assert windows == []
