"""An invoice on paper: nothing is loaded that isn't bundled, and any text and any length finds its place."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from babel.localedata import locale_identifiers
from django.conf import settings

from billing.invoicing import rendering
from billing.invoicing.formats import Reader
from tests.billing.invoicing.reading import needs_pango, printing, read, squeezed, words_of_pdf
from tests.billing.invoicing.samples import BUYER, HOSTILE, document, every_shape, fee, hostile, tokens

pytestmark = needs_pango


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_or_betrays_the_pdf(text: str) -> None:
    """Every place takes any text; nothing is read because a name asks for it."""
    content = rendering.pdf(hostile(text))
    assert squeezed(read(content).metadata.author) == squeezed(re.sub("[\x00\x1f\x7f\ud800\uffff]", "\ufffd", text))
    assert "root:x:0" not in words_of_pdf(content)


@pytest.mark.parametrize("text", ["W" * 10_000, "word " * 2_000, "\u00a0W" * 5_000, "W\u0301" * 5_000])
@pytest.mark.timeout(60)
def test_a_name_of_ten_thousand_letters_is_shown_whole(text: str) -> None:
    invoice = document(
        fee(description=text), tokens(customer="c-02", customer_name=text), buyer={**BUYER, "name": text}
    )
    words = words_of_pdf(rendering.pdf(invoice))
    letter = max(text.strip(), key=text.count)
    assert words.count(letter) >= text.count(letter) * 3
    assert squeezed("Amount due by Mar 3, 2026 €51.75") in words


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "https://example.org/a.png",
        "data:text/plain,x",
        "ftp://example.org/",
        "asset:../config/settings/__init__.py",
        "asset:fonts/../../manage.py",
        "ASSET:fonts/Inter-Regular.ttf",
        "",
    ],
)
def test_only_bundled_assets_are_served(address: str) -> None:
    with pytest.raises(printing.AssetRefused) as refusal:
        printing.BundledOnly().fetch(address)
    assert refusal.value.code == "asset_refused"


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="file:///etc/passwd">',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/a.css">',
        "<style>@import url(file:///etc/passwd);</style>",
        "<style>p { background: url(http://127.0.0.1:9/) }</style><p>x",
        '<object data="file:///etc/passwd"></object>',
    ],
)
def test_a_page_that_asks_for_anything_else_is_not_printed(markup: str) -> None:
    """Were a template ever to let one through, the rendering stops."""
    with pytest.raises(printing.AssetRefused):
        printing.printed(f"<html lang=en><title>x</title><body>{markup}")


def test_an_svg_reads_nothing_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """WeasyPrint swallows the refusal there, and goes on without the image."""
    served: list[str] = []
    bundled = printing._bundled
    monkeypatch.setattr(printing, "_bundled", lambda path: served.append(path) or bundled(path))  # type: ignore[func-returns-value]
    printing.forget_press()
    image = '<image width="9" height="9" href="file:///etc/passwd"/>'
    printing.printed(f'<html lang=en><title>x</title><body><svg width="9" height="9" viewBox="0 0 9 9">{image}</svg>')
    assert set(served) == {*printing.ASSETS.values(), "invoices/fonts.css", "invoices/invoice.css"}


def test_what_was_printed_before_leaves_no_trace() -> None:
    """Fonts and style sheets are read once for many documents: each is the same, whatever came before it."""
    mine = hostile("Ωμέγα 請求書 🧾")
    printing.forget_press()
    alone = rendering.pdf(mine)
    for other in (document(*every_shape()), hostile(HOSTILE[0]), document(fee(description="請求書" * 50))):
        rendering.pdf(other)
        assert rendering.pdf(mine) == alone


def test_a_page_without_the_style_of_invoices_has_its_own() -> None:
    """Only the very style sheet that was read already is taken out of a page."""
    page = "<html lang=en><title>x</title><style>p { visibility: hidden }</style><body><p>unseen</p>seen"
    assert words_of_pdf(printing.printed(page)) == "seen"


def test_the_style_sheets_say_nothing_that_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    printing.forget_press()
    with caplog.at_level("WARNING", logger="weasyprint"):
        rendering.pdf(document(*every_shape()))
    assert caplog.messages == []


def test_a_pdf_is_archivable_tagged_and_dated_by_its_document() -> None:
    reader = read(rendering.pdf(document(*every_shape())))
    catalog = reader.trailer["/Root"]
    metadata = catalog["/Metadata"].get_data().decode()
    assert 'pdfaid:part="3" pdfaid:conformance="B"' in metadata
    assert "<xmp:CreateDate>2026-02-01</xmp:CreateDate>" in metadata
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    assert "/OutputIntents" in catalog
    assert reader.metadata.title == "Invoice INV-000042"


def test_a_pdf_is_set_in_the_bundled_fonts() -> None:
    """Greek, Cyrillic, accents and currency signs included: no machine's own fonts are needed."""
    names = "Ŵażny Žluťoučký Ωμέγα Ёлка Ђак €¥₹₽₺₴₩₪₫₦ “quoted” – … עברית العربية"
    reader = read(rendering.pdf(document(fee(description=names))))
    families = {font["/BaseFont"].partition("+")[2] for font in reader.pages[0]["/Resources"]["/Font"].values()}
    assert families
    assert {family for family in families if not family.startswith("Daybook-")} == set()


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "CNY", "INR", "AFN", "IRR"])
def test_every_locale_writes_amounts_in_the_bundled_font(currency: str) -> None:
    """Whatever a customer's locale, no figure depends on the fonts of the machine."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    drawn = set(TTFont(settings.BASE_DIR / "static/fonts/Inter-Regular.ttf").getBestCmap())
    for locale in locale_identifiers():
        reader = Reader(currency=currency, locale=locale)
        shown = reader.money(Fraction("-12345678.9")) + reader.number(Fraction("-12345678.9"))
        assert {character for character in shown if ord(character) not in drawn} == set(), locale


def test_pages_are_numbered_and_repeat_the_table_head() -> None:
    lines = [tokens(customer=f"c-{at // 40}", customer_name=f"Customer {at // 40}") for at in range(120)]
    reader = read(rendering.pdf(document(*lines)))
    count = len(reader.pages)
    assert count > 5
    texts = [squeezed(page.extract_text()) for page in reader.pages]
    assert [at for at, text in enumerate(texts, start=1) if f"Page{at}of{count}" not in text] == []
    assert [at for at, text in enumerate(texts, start=1) if "Unitprice" not in text] in ([], [count])
    assert sum(text.count("1,500,000tokens") for text in texts) == 120


def test_totals_stand_on_a_page_with_a_line() -> None:
    """However many lines there are, the totals are never alone."""
    for count in range(8, 15):
        pages = read(rendering.pdf(document(*[tokens()] * count))).pages
        texts = [squeezed(page.extract_text()) for page in pages]
        ending = next(text for text in texts if "Subtotal" in text)
        assert "1,500,000tokens" in ending
        assert "Amountdueby" in ending.partition("Subtotal")[2]
