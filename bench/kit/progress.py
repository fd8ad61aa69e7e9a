"""What a bench is doing, for whoever watches: on standard error, which carries nothing else of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

_console = Console(stderr=True, highlight=False)


@contextmanager
def doing(what: str) -> Iterator[None]:
    """While inside, says what is going on; on a terminal with a sign of life."""
    if not _console.is_terminal:
        tell(what)
        yield
        return
    with _console.status(what):
        yield


def tell(sentence: str) -> None:
    """A line that stays."""
    _console.print(f"bench: {sentence}", soft_wrap=True)
