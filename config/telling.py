"""What set-up tells a person, on standard error."""

from __future__ import annotations

import sys


def tell(sentence: str) -> None:
    """A line of its own."""
    print(f"daybook: {sentence}", file=sys.stderr, flush=True)


def tell_progress(sentence: str) -> None:
    """A line that the next one replaces; nothing where nobody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[Kdaybook: {sentence}", end="", file=sys.stderr, flush=True)


def end_progress() -> None:
    """Clears the line."""
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
