"""Reads the busy account's statement; how long that took, and how much memory: python -m bench.books.reading TENANT"""

from __future__ import annotations

import json
import resource
import sys
from time import perf_counter
from uuid import UUID

import django


def main(tenant_id: UUID) -> None:
    """Prints {"seconds", "grown_mib"}."""
    django.setup()
    from bench.books.reads import BUSY
    from core.access.scope import tenant_scope
    from core.db.transaction import atomic
    from ledger import selectors
    from ledger.statements import statement

    with tenant_scope(tenant_id), atomic():
        selectors.balance(BUSY)  # connected
        before, begun = _peak_mib(), perf_counter()
        statement(BUSY, limit=50)
        seconds = perf_counter() - begun
    print(json.dumps({"seconds": seconds, "grown_mib": _peak_mib() - before}))


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main(UUID(sys.argv[1]))
