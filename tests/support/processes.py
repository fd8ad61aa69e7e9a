"""Real processes on the test's own database: started one by one, set off together."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from uuid import UUID

from core.access.scope import tenant_id, tenant_scope
from tests.support.commands import spawn


def at_once(work: Callable[..., Any], *calls: Mapping[str, Any]) -> list[Any]:
    """What `work`, a function of a module, returns in a process for each call; arguments and results are JSON."""
    processes = [
        spawn("-m", "tests.support.processes", work.__module__, work.__name__, str(tenant_id())) for _ in calls
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process, call in zip(processes, calls, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps(call) + "\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), [err for _, err in answers]
    return [json.loads(out) for out, _ in answers]


def _main(module: str, name: str, tenant: str) -> None:
    import django

    django.setup()
    from django.db import connection

    work = getattr(import_module(module), name)
    connection.ensure_connection()
    print("ready", flush=True)
    arguments = json.loads(sys.stdin.readline())
    with tenant_scope(UUID(tenant)):
        print(json.dumps(work(**arguments)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
