"""The bytes that were sent are kept, and rendering again gives them again."""

from __future__ import annotations

from hashlib import sha256

from billing.invoicing import rendering, view
from billing.invoicing.rendering import PdfUnavailable
from billing.models import Rendition
from core.db.asking import NAMED, count, holds
from core.integrity import Check, Finding, Outcome, outcome

#: A page takes a tenth of a second: of PDFs only the latest are rendered again.
PRINTED_AGAIN = 20
_CHUNK = 20


def _renditions() -> Outcome:
    found, again = [], 0
    rows = Rendition.objects.select_related("invoice__party").order_by("-id")
    for row in rows.iterator(chunk_size=_CHUNK) if holds(Rendition) else ():
        content = bytes(row.content)
        if sha256(content).hexdigest() != row.digest:
            found.append(Finding(_named(row), "its digest is not that of its bytes"))
        rendered = _rendered(row, again)
        again += rendered is not None
        if rendered not in (None, content):
            found.append(Finding(_named(row), "rendering the document again gives other bytes"))
    return outcome(count(Rendition), f"renditions, {again} of them rendered again", found[:NAMED])


def _rendered(row: Rendition, again: int) -> bytes | None:
    """The document rendered again; None where another renderer made it, or enough were."""
    if row.media_type != view.PDF or again >= PRINTED_AGAIN:
        return None
    try:
        if row.renderer != rendering.pdf_renderer():
            return None
        return rendering.pdf(view.as_issued(row.invoice))
    except PdfUnavailable:
        return None


def _named(row: Rendition) -> str:
    return f"{row.media_type} of invoice {row.invoice}"


CHECKS = (
    Check(
        "billing.renditions", 6, "Rendered documents are kept byte for byte, and come out the same again.", _renditions
    ),
)
