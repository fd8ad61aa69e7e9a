"""What was measured for a goal, and whether it is met (interfaces §7). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

#: A median of fewer runs says nothing (interfaces §7).
FEWEST_RUNS = 3
_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What is to be reached: a product ÷ limit of at least `target`, or without a limit at most `target` units."""

    name: str
    unit: str
    target: float
    absolute: bool = False

    def met_by(self, figure: float) -> bool:
        """Whether a ratio, or an absolute figure, is good enough."""
        return figure <= self.target if self.absolute else figure >= self.target


@dataclass(frozen=True, kw_only=True)
class Result:
    """The runs of the product and of its limit, in the order in which they were made; an absolute goal has no limit.

    Raises ValueError for too few runs, or for not as many of the one as of the other.
    """

    goal: Goal
    product: Sequence[float]
    limit: Sequence[float] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if len(self.product) < FEWEST_RUNS:
            raise ValueError(f"{self.goal.name}: {len(self.product)} runs are too few for a median")
        if len(self.limit) != (0 if self.goal.absolute else len(self.product)):
            raise ValueError(f"{self.goal.name}: each run of the product is compared with one of its limit")

    @property
    def ratio(self) -> float | None:
        """Median ÷ median; None where the goal is absolute."""
        return None if self.goal.absolute else median(self.product) / median(self.limit)

    @property
    def met(self) -> bool:
        ratio = self.ratio
        return self.goal.met_by(median(self.product) if ratio is None else ratio)

    def as_json(self) -> dict[str, Any]:
        """As interfaces §7 writes it down."""
        return {
            "goal": self.goal.name,
            "unit": self.goal.unit,
            "limit": [_rounded(run) for run in self.limit],
            "product": [_rounded(run) for run in self.product],
            "ratio": None if self.ratio is None else _rounded(self.ratio),
            "target": self.goal.target,
            "met": self.met,
            "note": self.note,
        }


def in_turn(
    *, product: Callable[[], float], limit: Callable[[], float], runs: int, before: Callable[[], None]
) -> tuple[list[float], list[float]]:
    """The figures of the product and of its limit, run in turn, so that both meet the same weather.

    `before` comes before every run and is not part of it.
    """
    figures: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for run, kept in zip((product, limit), figures, strict=True):
            before()
            kept.append(run())
    return figures


def alone(*, product: Callable[[], float], runs: int, before: Callable[[], None]) -> list[float]:
    """The same for a goal without a limit."""
    figures = []
    for _ in range(runs):
        before()
        figures.append(product())
    return figures


def _rounded(figure: float) -> float:
    # Rates to a tenth, ratios and seconds to four places.
    return round(figure, 1 if abs(figure) >= 100 else _DIGITS)
