"""An invoice document as an HTML page and as a PDF; the same document always gives the same bytes."""

from __future__ import annotations

import re
from types import ModuleType

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from billing.invoicing.page import Document, page_of
from core.errors import Refusal

#: What made a rendering: ours, raised with any change to what a page shows, and the libraries that it goes through.
RENDERER = "Daybook invoice 2 (WeasyPrint 70.0, Babel 2.18.0)"

#: What neither HTML nor XML can carry: control characters, lone surrogates, non-characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class PdfUnavailable(Refusal):
    """This machine lacks a library that PDFs need; everything else works without it."""

    code = "pdf_unavailable"


def html(document: Document) -> str:
    """A page that stands alone: its style is within, and it loads nothing."""
    context = {
        "page": page_of(document),
        "style": _style("invoices/invoice.css"),
        "screen_style": _style("invoices/screen.css"),
        "renderer": RENDERER,
    }
    page = render_to_string("invoices/invoice.html", context)
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", page)


def pdf(document: Document) -> bytes:
    """The page as tagged PDF/A-3b. Raises PdfUnavailable where Pango is missing."""
    printed: bytes = _printing().printed(html(document))
    return printed


def pdf_renderer() -> str:
    """What PDFs are made by here, Pango included: the same one gives the same bytes. Raises PdfUnavailable."""
    return f"{RENDERER}, Pango {_printing().pango_version()}"


def _printing() -> ModuleType:
    try:
        from billing.invoicing import printing
    except OSError as error:
        raise PdfUnavailable(
            "PDFs need Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
            library=str(error).partition("\n")[0],
        ) from error
    return printing


def _style(path: str) -> str:
    text = (settings.BASE_DIR / "static" / path).read_text(encoding="utf-8")
    return mark_safe(text)  # noqa: S308 - a file of ours, with nobody else's words in it
