"""Making seals."""

from __future__ import annotations

import pytest

from core.seals import selectors, services
from tests.support import world
from tests.support.commands import succeed


def test_smoke(books) -> None:
    world.apply({"customers": [world.customer()]})
    first = services.make(actor=world.TESTER)
    assert first is not None
    assert services.make(actor=world.TESTER) is None
    print(selectors.copy(), first.cut)
    print(succeed("verify", "--tenant", books.key).out)
