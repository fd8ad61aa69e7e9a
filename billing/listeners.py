"""What billing does when news arrives."""

from __future__ import annotations

from billing.invoicing import view
from billing.invoicing.rendering import PdfUnavailable
from billing.models import Invoice
from core.models import Message


def keep_pdf(message: Message) -> None:
    """Prints an issued document once and keeps the bytes; without pango it is printed when somebody asks for it."""
    row = Invoice.objects.select_related("party").get(pk=message.subject_id)
    try:
        view.pdf(row)
    except PdfUnavailable:
        return
