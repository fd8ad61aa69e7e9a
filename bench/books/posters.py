"""Processes that post one transfer after the other, each in a transaction of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import perf_counter
from types import TracebackType
from typing import Any, Self
from uuid import UUID

_SPAWN = multiprocessing.get_context("spawn")
_WARM_UP = 20
#: As many transfers as a process can't post in a second.
_AT_MOST = 1_000


class Posters:
    """So many processes with a connection each; they end when the block does."""

    def __init__(self, count: int, *, tenant_id: UUID, accounts: Sequence[UUID]) -> None:
        self._count = count
        self._arguments = (tenant_id, list(accounts))
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []

    def __enter__(self) -> Self:
        for number in range(self._count):
            ours, theirs = _SPAWN.Pipe()
            process = _SPAWN.Process(target=_serve, args=(theirs, number, *self._arguments), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self._answers()  # connected and warm
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.send(None)
            pipe.close()
        for process in self._processes:
            process.join(timeout=10)
            if process.is_alive():
                process.kill()

    def rate(self, *, seconds: float) -> float:
        """Transfers per second of all of them together. Raises RuntimeError where one stopped before its time."""
        self.begin(seconds=seconds)
        answers: list[tuple[list[int], float]] = self._answers()
        if any(elapsed < seconds for _, elapsed in answers):
            raise RuntimeError("a process could not post for as long as it was to")
        return sum(len(acknowledged) / elapsed for acknowledged, elapsed in answers)

    def begin(self, *, seconds: float) -> None:
        """Lets them post for so long, or until the server is gone; when all have made their transfers, all set off."""
        for pipe in self._pipes:
            pipe.send(seconds)
        self._answers()
        for pipe in self._pipes:
            pipe.send("go")

    def acknowledged(self) -> list[UUID]:
        """The ids of the transfers whose commit returned, once all have stopped."""
        return [UUID(int=number) for numbers, _ in self._answers() for number in numbers]

    def _answers(self) -> list[Any]:
        return [pipe.recv() for pipe in self._pipes]


def _serve(orders: Connection, number: int, tenant_id: UUID, accounts: list[UUID]) -> None:
    """Each order is how long to post; the answer is the ids that were committed, and the seconds it took."""
    import django

    django.setup()
    from bench.books.transfers import Maker
    from core.access.scope import tenant_scope

    maker = Maker(accounts, seed=f"poster {number} {os.getpid()}")
    with tenant_scope(tenant_id):
        _post(maker.take(_WARM_UP), seconds=60)
        orders.send("ready")
        while (seconds := orders.recv()) is not None:
            transfers = maker.take(int(seconds * _AT_MOST))
            orders.send("made")
            orders.recv()
            orders.send(_post(transfers, seconds=seconds))


def _post(transfers: Iterable[Any], *, seconds: float) -> tuple[list[int], float]:
    """One after the other, until the time is up."""
    from django.db import Error

    from bench.books.tenants import BEGINNING
    from core.db.transaction import atomic
    from ledger.results import Result
    from ledger.services import post

    acknowledged: list[int] = []
    begun = perf_counter()
    with suppress(Error):  # the server crashed, as a bench may want it to
        for transfer in transfers:
            with atomic():
                results = post([transfer], at=BEGINNING)
            if results != [Result.CREATED]:
                raise RuntimeError(f"a transfer was not posted: {results}")
            acknowledged.append(transfer.id.int)
            if perf_counter() - begun >= seconds:
                break
    return acknowledged, perf_counter() - begun
