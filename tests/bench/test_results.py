"""A result compares medians, and says plainly whether its goal is met."""

from __future__ import annotations

import pytest

from bench.kit.results import Goal, Result, alone, in_turn

RATIO = Goal(name="P0", unit="rows/s", target=0.5)
SECONDS = Goal(name="page", unit="s", target=0.05, absolute=True)


def test_the_ratio_is_of_medians() -> None:
    """One run that met bad weather changes nothing."""
    result = Result(goal=RATIO, product=[60.0, 1.0, 61.0], limit=[100.0, 99.0, 900.0])

    assert result.ratio == 0.6


@pytest.mark.parametrize(
    "product, limit, met",
    [([50.0] * 3, [100.0] * 3, True), ([49.9] * 3, [100.0] * 3, False), ([200.0] * 3, [100.0] * 3, True)],
)
def test_a_ratio_must_reach_its_target(product: list[float], limit: list[float], met: bool) -> None:
    assert Result(goal=RATIO, product=product, limit=limit).met is met


@pytest.mark.parametrize("seconds, met", [(0.049, True), (0.05, True), (0.051, False)])
def test_an_absolute_goal_must_not_be_exceeded(seconds: float, met: bool) -> None:
    """It has no limit and no ratio."""
    result = Result(goal=SECONDS, product=[seconds] * 3)

    assert (result.met, result.ratio) == (met, None)


@pytest.mark.parametrize(
    "goal, product, limit",
    [
        (RATIO, [1.0, 2.0], [1.0, 2.0]),
        (RATIO, [1.0, 2.0, 3.0], [1.0, 2.0]),
        (RATIO, [1.0, 2.0, 3.0], []),
        (SECONDS, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
    ],
)
def test_what_can_not_be_compared_is_refused(goal: Goal, product: list[float], limit: list[float]) -> None:
    with pytest.raises(ValueError):
        Result(goal=goal, product=product, limit=limit)


def test_the_product_and_its_limit_are_run_in_turn() -> None:
    """Each run is prepared for, and each figure lands on its own side."""
    told: list[str] = []

    def run(name: str, figure: float) -> float:
        told.append(name)
        return figure

    figures = in_turn(
        product=lambda: run("product", 1.0),
        limit=lambda: run("limit", 2.0),
        runs=3,
        before=lambda: told.append("before"),
    )

    assert figures == ([1.0] * 3, [2.0] * 3)
    assert told == ["before", "product", "before", "limit"] * 3


def test_a_product_without_a_limit_is_prepared_for_too() -> None:
    told: list[str] = []

    assert alone(product=lambda: float(len(told)), runs=3, before=lambda: told.append("before")) == [1.0, 2.0, 3.0]


def test_the_report_is_written_as_interfaces_say() -> None:
    """Rates to a tenth, small figures to four places."""
    result = Result(goal=RATIO, product=[66666.66] * 3, limit=[200000.04] * 3, note="so")

    assert result.as_json() == {
        "goal": "P0",
        "unit": "rows/s",
        "limit": [200000.0] * 3,
        "product": [66666.7] * 3,
        "ratio": 0.3333,
        "target": 0.5,
        "met": False,
        "note": "so",
    }
