"""Reading what PostgreSQL's load generator says."""

from __future__ import annotations

import pytest

from bench.kit.pgbench import read_rate

TOLD = """\
transaction type: <builtin: TPC-B (sort of)>
scaling factor: 50
number of failed transactions: {failed} (0.000%)
latency average = 1.142 ms
initial connection time = 20.127 ms
tps = 7008.334242 (without initial connection time)
"""


def test_the_rate_is_without_connecting() -> None:
    assert read_rate(TOLD.format(failed=0)) == 7008.334242


@pytest.mark.parametrize("told", ["", TOLD.format(failed=3), "tps is unknown"])
def test_a_rate_with_failures_or_without_a_figure_is_refused(told: str) -> None:
    with pytest.raises(RuntimeError):
        read_rate(told)
