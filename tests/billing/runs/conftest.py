"""Books that runs work on."""

from __future__ import annotations

import pytest

from core.models import Tenant
from tests.billing import small
from tests.billing.small import FEE, TOKENS, use
from tests.support import world


@pytest.fixture
def three(books: Tenant) -> None:
    """Three customers with a fee and some usage in January."""
    small.agree(TOKENS, FEE, customers=[world.customer(f"c-0{n}") for n in (1, 2, 3)])
    for n in (1, 2, 3):
        use(f"e-{n}", 10 * n, customer=f"c-0{n}")
