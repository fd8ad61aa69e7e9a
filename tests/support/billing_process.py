"""A run in small chunks, so that it commits often: python -m tests.support.billing_process TENANT THROUGH.

Says "ready" and waits for a line on standard input, so that several can begin together. Exit 1 where an item is parked.
"""

from __future__ import annotations

import sys
from datetime import date

from config.launch import prepare

_CHUNK = 5


def main(key: str, through: str) -> int:
    prepare("bill")
    import django

    django.setup()
    from billing.runs.services import bill
    from core.access.scope import tenant_scope
    from core.access.services import tenant_by_key
    from core.actor import Actor

    print("ready", flush=True)
    sys.stdin.readline()
    with tenant_scope(tenant_by_key(key).id):
        outcome = bill(through=date.fromisoformat(through), actor=Actor(kind="command", name="tests"), chunk=_CHUNK)
    for item in outcome.parked:
        print(f"parked {item.tree_id}: {item.code}: {item.reason}", file=sys.stderr)
    return 1 if outcome.parked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
