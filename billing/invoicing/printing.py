"""A page printed to PDF by WeasyPrint, from bundled fonts. Importing this takes a second, and needs Pango."""

from __future__ import annotations

import atexit
import logging
import time
import warnings
from functools import lru_cache
from hashlib import sha256
from threading import Lock

from django.conf import settings
from weasyprint import CSS, HTML
from weasyprint.text.ffi import pango
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from core.errors import Refusal

# It warns of every glyph that no font has, and again at every attempt to lay its line out.
logging.getLogger("weasyprint").setLevel(logging.ERROR)

#: Everything that a page may load, by the address that fonts.css gives it.
ASSETS = {
    f"asset:{path}": path for path in ("fonts/Inter-Regular.ttf", "fonts/Inter-SemiBold.ttf", "fonts/DejaVuSans.ttf")
}

#: WeasyPrint keeps the fonts in a folder for temporary files, where what is old is swept away.
_PRESS_SECONDS = 3600
#: Pango's fonts are not for several threads at once.
_ONE_AT_A_TIME = Lock()


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
        return URLFetcherResponse(url, _bundled(ASSETS[url]))


def printed(page: str) -> bytes:
    """`page` as tagged PDF/A-3b; the same bytes for the same page under the same libraries, Pango among them."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # WeasyPrint leaves the file of its color profile to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return _write(page, press=_press(int(time.monotonic() // _PRESS_SECONDS)))
        except FatalURLFetchingError as error:
            raise (error.__cause__ or error) from None


class _Press:
    """What every page needs, read once: the fonts and the style sheet of invoices."""

    def __init__(self) -> None:
        self.fetcher = BundledOnly()
        self.fonts = FontConfiguration()
        self.faces = self._sheet(_bundled("invoices/fonts.css").decode())
        self._text = f"<style>{_bundled('invoices/invoice.css').decode()}</style>"
        self._style = self._sheet(_bundled("invoices/invoice.css").decode())

    def set(self, page: str) -> tuple[HTML, list[CSS]]:
        """The page and its style sheets; that of invoices is not read again from the page that holds it."""
        rest = page.replace(self._text, "", 1)
        style = [self._style] if len(rest) < len(page) else []
        return HTML(string=rest, url_fetcher=self.fetcher), [*style, self.faces]

    def _sheet(self, text: str) -> CSS:
        return CSS(string=text, font_config=self.fonts, url_fetcher=self.fetcher)


@lru_cache(maxsize=1)
def _press(_: int) -> _Press:
    return _Press()


def forget_press() -> None:
    """The next page is printed with everything read anew."""
    _press.cache_clear()


atexit.register(forget_press)  # while Python can still remove its folder


def _write(page: str, *, press: _Press) -> bytes:
    html, stylesheets = press.set(page)
    pdf: bytes = html.write_pdf(
        stylesheets=stylesheets,
        font_config=press.fonts,
        pdf_identifier=sha256(page.encode()).digest()[:16],
        pdf_variant="pdf/a-3b",
        pdf_tags=True,
    )
    return pdf


def _bundled(path: str) -> bytes:
    return (settings.BASE_DIR / "static" / path).read_bytes()


def pango_version() -> str:
    """The library that sets the text, such as 1.50.12."""
    major, rest = divmod(pango.pango_version(), 10_000)
    return f"{major}.{rest // 100}.{rest % 100}"
