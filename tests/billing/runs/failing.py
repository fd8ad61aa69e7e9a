"""A customer whose data can't be worked with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from billing.evaluation import KnowledgePoint, TreeFacts, load

Load = Callable[[Mapping[UUID, KnowledgePoint]], list[TreeFacts]]


def load_failing_for(tree_id: UUID) -> Load:
    """Loads the facts of every tree but one, which fails whatever it is loaded with."""

    def failing(points: Mapping[UUID, KnowledgePoint]) -> list[TreeFacts]:
        if tree_id in points:
            raise ZeroDivisionError("a bad record")
        return load(points)

    return failing
