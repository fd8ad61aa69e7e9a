"""A page printed to PDF by WeasyPrint, from bundled fonts. Importing this takes a second, and needs Pango."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from hashlib import sha256
from io import BytesIO

from django.conf import settings
from fontTools.ttLib import woff2  # type: ignore[import-untyped]
from weasyprint import CSS, HTML
from weasyprint.text.ffi import pango
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from core.errors import Refusal

# It warns of every glyph that no font has, and again at every attempt to lay its line out.
logging.getLogger("weasyprint").setLevel(logging.ERROR)

#: Everything that a page may load, by the address that fonts.css gives it.
ASSETS = {
    f"asset:{path}": path
    for path in ("fonts/Inter-Regular.woff2", "fonts/Inter-SemiBold.woff2", "fonts/DejaVuSans.woff2")
}


class AssetRefused(Refusal):
    """A page asked for something that isn't bundled."""

    code = "asset_refused"


class BundledOnly(URLFetcher):  # type: ignore[misc]
    """Serves the assets, and raises AssetRefused for any other address: no file, no network, no data."""

    def __init__(self) -> None:
        super().__init__(fail_on_errors=True)

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        if url not in ASSETS:
            raise AssetRefused("an invoice loads nothing but its fonts", url=url)
        return URLFetcherResponse(url, _font(ASSETS[url]))


def printed(page: str) -> bytes:
    """`page` as tagged PDF/A-3b; the same bytes for the same page under the same libraries, Pango among them."""
    fonts, fetcher = FontConfiguration(), BundledOnly()
    try:
        faces = CSS(string=_bundled("invoices/fonts.css").decode(), font_config=fonts, url_fetcher=fetcher)
        with warnings.catch_warnings():
            # WeasyPrint leaves the file of its color profile to the garbage collector.
            warnings.simplefilter("ignore", ResourceWarning)
            return _write(page, faces=faces, fonts=fonts, fetcher=fetcher)
    except FatalURLFetchingError as error:
        raise (error.__cause__ or error) from None


def _write(page: str, *, faces: CSS, fonts: FontConfiguration, fetcher: BundledOnly) -> bytes:
    pdf: bytes = HTML(string=page, url_fetcher=fetcher).write_pdf(
        stylesheets=[faces],
        font_config=fonts,
        pdf_identifier=sha256(page.encode()).digest()[:16],
        pdf_variant="pdf/a-3b",
        pdf_tags=True,
    )
    return pdf


@cache
def _font(path: str) -> bytes:
    # Unpacked once: it takes longer than a page.
    font = BytesIO()
    woff2.decompress(BytesIO(_bundled(path)), font)
    return font.getvalue()


def _bundled(path: str) -> bytes:
    return (settings.BASE_DIR / "static" / path).read_bytes()


def pango_version() -> str:
    """The library that sets the text, such as 1.50.12."""
    major, rest = divmod(pango.pango_version(), 10_000)
    return f"{major}.{rest // 100}.{rest % 100}"
