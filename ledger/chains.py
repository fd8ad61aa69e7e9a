"""Linked chains: events that are created together or not at all, in a batch that goes on either way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from ledger.results import Result

E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)


class Undoable(Protocol[E_contra]):
    """What a chain changes, and may have to change back."""

    def begin(self) -> None: ...

    def take_back(self) -> None: ...

    def note(self, event: E_contra, result: str) -> None: ...


def judge_in_chains(
    events: Sequence[E], books: Undoable[E], *, linked: Callable[[E], bool], judge: Callable[[E], str]
) -> list[str]:
    """The result of each event in turn, by name; `judge` changes the books where it answers `created`.

    The event that breaks a chain says why, and all others of its chain are `linked_event_failed`. A chain that the
    batch leaves open is broken by its last event.
    """
    results: list[str] = []
    start: int | None = None
    broken = False
    for index, event in enumerate(events):
        is_linked, is_last = linked(event), index == len(events) - 1
        if is_linked and start is None:
            start = index
            books.begin()
        if is_linked and is_last:
            result: str = Result.LINKED_EVENT_CHAIN_OPEN
        else:
            result = Result.LINKED_EVENT_FAILED if broken else judge(event)
        if start is not None and not broken and result != Result.CREATED:
            broken = True
            books.take_back()
            results[start:] = [Result.LINKED_EVENT_FAILED] * (index - start)
        books.note(event, result)
        results.append(result)
        if not is_linked:
            start, broken = None, False
    return results
