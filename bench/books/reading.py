"""Reads a page of the busy account's statement: python -m bench.books.reading TENANT INSTANT

Says how long that took, and how much memory. The page begins after the instant.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import datetime
from time import perf_counter
from uuid import UUID

import django


def main(tenant_id: UUID, after: datetime) -> None:
    """Prints {"seconds", "grown_mib"}."""
    django.setup()
    from bench.books.reads import BUSY
    from core.access.scope import tenant_scope
    from core.db.transaction import atomic
    from ledger import selectors
    from ledger.reports import Place
    from ledger.statements import statement

    with tenant_scope(tenant_id), atomic():
        selectors.balance(BUSY)  # connected
        before, begun = _peak_mib(), perf_counter()
        page = statement(BUSY.id_in(tenant_id), after=Place(after, 0, 0), limit=100)
        seconds = perf_counter() - begun
    assert len(page.movements) == 100
    print(json.dumps({"seconds": seconds, "grown_mib": _peak_mib() - before}))


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main(UUID(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
