"""Several connections at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

from core.access.scope import tenant_id, tenant_scope

T = TypeVar("T")


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each work returns; they start together, each on a connection of its own."""
    barrier = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(_elsewhere, tenant_id(), begin, work) for work in works]
        return [future.result(timeout=60) for future in futures]


def meanwhile(work: Callable[[], T]) -> Future[T]:
    """The future of a work that runs beside the test, on a connection of its own."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(_elsewhere, tenant_id(), work)
    pool.shutdown(wait=False)
    return future


def _elsewhere(tenant: UUID, work: Callable[..., T], *arguments: Any) -> T:
    try:
        with tenant_scope(tenant):
            return work(*arguments)
    finally:
        connection.close()
