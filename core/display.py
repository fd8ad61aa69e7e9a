"""Tables and progress for people at a terminal; progress goes to standard error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

#: Wide enough that nothing is cut when the output is a file or a pipe.
_PLAIN_WIDTH = 200


def console(stream: TextIO) -> Console:
    """A console on `stream`: colored on a terminal, plain text elsewhere."""
    terminal = stream.isatty() if hasattr(stream, "isatty") else False
    return Console(file=stream, width=None if terminal else _PLAIN_WIDTH, highlight=False, soft_wrap=not terminal)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> Table:
    """A table; the columns named in `right` hold numbers and stand to the right."""
    made = Table(title=title, title_justify="left", header_style="bold", expand=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        # Names may hold square brackets: they are no markup.
        made.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    return made


def progress(stream: TextIO) -> Progress:
    """A progress bar on `stream`; silent where that is no terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console(stream),
        transient=True,
        disable=not (hasattr(stream, "isatty") and stream.isatty()),
    )
