"""What management commands share: a tenant's scope, exit codes, and one result on standard output."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import json_text
from core.access import services
from core.access.scope import tenant_scope
from core.actor import Actor
from core.errors import Refusal
from core.models import Tenant

#: Something was refused, parked or found.
REFUSED = 1
#: The command was called wrongly.
WRONG_USAGE = 2
COMMAND = Actor(kind="command", name="bin/manage")

#: So many pieces of JSON are written at once.
_PIECES = 1_000
#: What Python makes of bytes on the command line that are no text.
_UNDECODED = re.compile("[\udc80-\udcff]")


class DaybookCommand(BaseCommand):
    """A command whose refusals are told on standard error, by code, with exit 1."""

    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        # Django names the file that was run; people run bin/manage.
        parser.prog = f"bin/manage {subcommand}"
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        for name, value in options.items():
            if any(_UNDECODED.search(text) for text in _texts(value)):
                self.misuse(f"{name.replace('_', '-')}: is not UTF-8")
        try:
            return super().execute(*args, **options)
        except Refusal as refusal:
            self.refuse(f"{refusal.code}: {refusal}")

    def refuse(self, sentence: str) -> NoReturn:
        """Says what was refused and ends with exit 1."""
        self.stderr.write(sentence)
        sys.exit(REFUSED)

    def misuse(self, sentence: str) -> NoReturn:
        """Says how the command was called wrongly and ends with exit 2."""
        raise CommandError(sentence, returncode=WRONG_USAGE)

    def say(self, sentence: str) -> None:
        """Something worth knowing that is not the result: to standard error."""
        self.stderr.write(sentence, self.style.NOTICE)

    @property
    def result_stream(self) -> TextIO:
        """Standard output beneath Django's wrapper, for tables."""
        return self.stdout._out  # type: ignore[return-value]  # noqa: SLF001 - rich wants a plain stream

    @property
    def progress_stream(self) -> TextIO:
        """Standard error beneath Django's wrapper, for progress bars."""
        return self.stderr._out  # type: ignore[return-value]  # noqa: SLF001 - as above

    def result_json(self, value: Any) -> None:
        """The result as one JSON value; iterators in it are lists whose items are made as they are written."""
        written = json_text.pieces(value)
        while text := "".join(islice(written, _PIECES)):
            self.stdout.write(text, ending="")
        self.stdout.write()


class TenantCommand(DaybookCommand):
    """A command about one tenant: `run` is called inside its scope, with `tenant` first."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="KEY", help="the tenant's key")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = services.tenant_by_key(options.pop("tenant"))
        with tenant_scope(tenant.id):
            self.run(tenant, **options)

    def run(self, tenant: Tenant, **options: Any) -> None:
        """What the command does. Subclasses write this."""
        raise NotImplementedError


def _texts(value: Any) -> Iterator[str]:
    """The texts that an option holds, however it collects them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
