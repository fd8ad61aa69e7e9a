"""bin/manage invoice NUMBER --tenant KEY --format json|html|pdf --out FILE          # - is standard output"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from billing.invoicing import view
from core import canonical
from core.commands import TenantCommand
from core.models import Tenant


class Command(TenantCommand):
    help = "Writes an issued document as canonical JSON, as a page, or as a PDF."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", metavar="NUMBER")
        parser.add_argument("--format", required=True, choices=["json", "html", "pdf"])
        parser.add_argument("--out", required=True, metavar="FILE", help="- is standard output")

    def run(self, tenant: Tenant, **options: Any) -> None:
        row = view.invoice(options["number"])
        if options["format"] == "pdf":
            content = view.pdf(row)
        elif options["format"] == "html":
            content = view.html(row).encode()
        else:
            content = canonical.encode(view.document(row)).encode()
        self._write(content, options["out"])

    def _write(self, content: bytes, out: str) -> None:
        if out == "-":
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            return
        try:
            Path(out).write_bytes(content)
        except OSError as error:
            self.misuse(f"{out}: {error.strerror}")
