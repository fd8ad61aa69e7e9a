"""bin/manage apply FILE.yaml [--dry-run]"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from contracts.book import applying
from contracts.book.applying import BookRefused
from contracts.book.changes import Change
from core.commands import COMMAND, REFUSED, DaybookCommand

_SIGNS = {"created": "+", "changed": "~"}


class Command(DaybookCommand):
    help = "Makes a tenant's set-up what a book file declares. Applying it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.yaml", help="the book file, or - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changes = applying.apply(self._content(options["file"]), actor=COMMAND, dry_run=options["dry_run"])
        except BookRefused as refused:
            for refusal in refused.refusals:
                self.stderr.write(f"{refusal.code}: {refusal}")
            self.stderr.write(f"{refused.code}: nothing was applied")
            sys.exit(REFUSED)
        for change in changes:
            self.stdout.write(_told(change))
        would = "would change" if options["dry_run"] else "changed"
        self.say(f"{len(changes)} things {would}" if changes else "nothing to change")

    def _content(self, name: str) -> bytes:
        if name == "-":
            return sys.stdin.buffer.read()
        try:
            return Path(name).read_bytes()
        except OSError as error:
            self.misuse(f"{name}: {error.strerror}")


def _told(change: Change) -> str:
    fields = f": {', '.join(change.fields)}" if change.fields else ""
    return f"{_SIGNS[change.action]} {change.kind} {change.key}{fields}"
