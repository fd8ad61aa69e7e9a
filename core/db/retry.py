"""Doing a transaction again where the database asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

T = TypeVar("T")
_TRIES = 4
#: serialization failure, deadlock, and MariaDB's deadlock and wait for a lock that took too long.
_AGAIN = {"40001", "40P01", 1213, 1205}


def retrying(work: Callable[[], T]) -> T:
    """What `work` returns; run again, up to four times, when the database chose it as a deadlock's victim.

    `work` opens its own transaction. Inside one already begun it is run once: only the outermost may repeat.
    """
    if connection.in_atomic_block:
        return work()
    for _ in range(_TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if not must_repeat(error):
                raise
    return work()


def must_repeat(error: BaseException) -> bool:
    """Whether the database undid the transaction only because of another one."""
    cause = error.__cause__ or error
    return getattr(cause, "sqlstate", None) in _AGAIN or (bool(error.args) and error.args[0] in _AGAIN)
