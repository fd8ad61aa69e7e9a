"""Vectors: inputs and expected numbers that others published, each run as one test case.

One test module for each file of vectors, with one test function, which gets a vector as `case`:

    RULES = [Rule("prices in percent arrive with a later release", lambda case: case["model"] == "percentage")]

    @cases("charge_models", rules=RULES)
    def test_charge_model(case: Case) -> None:
        assert amount(case) == parse_exact(case["expected_amount"])

The vector's id is the test's id. `$VECTORS_DIR/charge_models.json`, where it exists, replaces the
project's copy in `tests/vectors/data/`. A vector is skipped only by a rule: a predicate and a sentence
that names the definition in which Daybook differs. A predicate sees no id, and of the source only the
project, so it can't pick single vectors. `tests.support.vectors` counts, prints and enforces all this.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

DATA = Path(__file__).parent / "data"

Case = Mapping[str, Any]


class Rule(NamedTuple):
    """Vectors that rest on another definition than ours, and the sentence that names it."""

    reason: str
    applies: Callable[[Case], bool]


def cases(file: str, *, rules: Sequence[Rule] = ()) -> pytest.MarkDecorator:
    """Parametrize a test with `case`, over every vector of `file` (a name without its ending)."""
    vectors = load(file)
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(
                vector,
                id=vector["id"],
                marks=pytest.mark.vector(file=file, total=len(vectors), reason=_reason(vector, rules)),
            )
            for vector in vectors
        ],
    )


def load(file: str) -> list[Case]:
    """The vectors of `file`. Raises ValueError where there are none or two share an id."""
    replacement = Path(os.environ.get("VECTORS_DIR", "")) / f"{file}.json"
    path = replacement if os.environ.get("VECTORS_DIR") and replacement.exists() else DATA / f"{file}.json"
    vectors: list[Case] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    if not vectors or len({vector["id"] for vector in vectors}) < len(vectors):
        raise ValueError(f"{path} holds no vectors, or two with one id")
    return vectors


def _reason(vector: Case, rules: Sequence[Rule]) -> str | None:
    shown = {**vector, "source": vector["source"].partition(":")[0]}
    del shown["id"]
    return next((rule.reason for rule in rules if rule.applies(shown)), None)
