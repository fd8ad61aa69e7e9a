"""What a rendering says, read back."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

try:
    from billing.invoicing import printing
except OSError:
    printing = None  # type: ignore[assignment]

__all__ = ["needs_pango", "printing", "read", "squeezed", "words_of_html", "words_of_pdf"]

needs_pango = pytest.mark.skipif(printing is None, reason="Pango is not installed")


def squeezed(text: str) -> str:
    """`text` without white space and invisible marks: what is left of it however its lines break."""
    return re.sub(r"[\s\u200b-\u200f]+", "", text)


def words_of_html(page: str) -> str:
    body = page.partition("<body>")[2]
    return squeezed(unescape(re.sub(r"<[^>]*>", " ", body)))


def read(content: bytes) -> Any:
    """The PDF as its objects."""
    return PdfReader(BytesIO(content))


def words_of_pdf(content: bytes) -> str:
    return squeezed("".join(page.extract_text() for page in read(content).pages))
