"""Linked chains: events that are created together or not at all, in a batch that goes on either way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from ledger.results import AccountResult, Result

E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)
R = TypeVar("R", Result, AccountResult)
R_contra = TypeVar("R_contra", Result, AccountResult, contravariant=True)


class Undoable(Protocol[E_contra, R_contra]):
    """What a chain changes, and may have to change back: it begins, and then ends or is taken back."""

    def begin(self) -> None: ...

    def end(self) -> None: ...

    def take_back(self) -> None: ...

    def note(self, event: E_contra, result: R_contra) -> None: ...


def judge_in_chains(
    events: Iterable[E],
    books: Undoable[E, R],
    *,
    linked: Callable[[E], bool],
    judge: Callable[[E], R],
    results: type[R],
) -> Iterator[R]:
    """The result of each event in turn, once nothing can change it; `judge` changes the books where it creates one.

    The event that breaks a chain says why, and all others of its chain are `linked_event_failed`. A chain that the
    batch leaves open is broken by its last event.
    """
    chain: list[E] = []
    for event in events:
        if linked(event):
            chain.append(event)
        elif chain:
            yield from _whole_or_not([*chain, event], books, judge, results, is_open=False)
            chain = []
        else:
            result = judge(event)
            if result is not results.CREATED:
                books.note(event, result)
            yield result
    if chain:
        yield from _whole_or_not(chain, books, judge, results, is_open=True)


def _whole_or_not(
    chain: Sequence[E], books: Undoable[E, R], judge: Callable[[E], R], results: type[R], *, is_open: bool
) -> list[R]:
    books.begin()
    ends = len(chain) - 1
    for place, event in enumerate(chain):
        result = results.LINKED_EVENT_CHAIN_OPEN if is_open and place == ends else judge(event)
        if result is not results.CREATED:
            books.take_back()
            books.note(event, result)
            told = [results.LINKED_EVENT_FAILED] * len(chain)
            if is_open:
                told[-1] = results.LINKED_EVENT_CHAIN_OPEN
            told[place] = result
            return told
    books.end()
    return [results.CREATED] * len(chain)
