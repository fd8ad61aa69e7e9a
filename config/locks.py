"""Locks between processes, as files. The kernel releases them, however their holder ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def take(path: Path, *, shared: bool = False, wait: bool = True) -> int | None:
    """The descriptor that holds the file's lock until it is closed; None where others have it and we don't wait.

    A file deleted by its last holder while we waited is not the lock any more: we try again with the new one.
    """
    strength = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, strength if wait else strength | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone with the file's lock, however long that takes."""
    descriptor = take(path)
    assert descriptor is not None
    try:
        yield
    finally:
        os.close(descriptor)


def is_taken(path: Path) -> bool:
    """Whether somebody holds the file's lock alone."""
    if not path.exists():
        return False
    descriptor = take(path, shared=True, wait=False)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
