"""How fast the ledger posts and reads, as a share of what PostgreSQL alone can do on the same machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from bench.kit.command import Effort, Measure, main
from bench.kit.server import Server

_GOALS = ("P13 plain", "P13 ordered", "P14a", "P14b", "trial balance", "statement page")


def _measures() -> Mapping[str, Measure]:
    # Models can't be imported before Django knows its database.
    from bench.books import bulk, reads, single

    measures = (bulk.plain, bulk.ordered, single.in_database, single.through_services)
    return dict(zip(_GOALS, (*measures, reads.trial_balance, reads.statement_page), strict=True))


def _proof(server: Server, effort: Effort) -> None:
    from bench.books import crash

    crash.proof(server, effort)


if __name__ == "__main__":
    sys.exit(main("ledger", _measures, named=_GOALS, proof=_proof))
