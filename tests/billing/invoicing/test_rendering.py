"""Renderings are the same wherever and whenever they are made, and no text in them becomes markup."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from hashlib import sha256
from html.parser import HTMLParser
from importlib.metadata import version

import pytest
from django.conf import settings

from billing.invoicing import rendering
from billing.invoicing.rendering import PdfUnavailable
from tests.billing.invoicing.reading import needs_pango
from tests.billing.invoicing.samples import HOSTILE, document, draft, every_shape, fee, hostile

#: Raise RENDERER with any change to what a page shows, and put the new page's digest here.
PAGE = (
    "Daybook invoice 2 (WeasyPrint 70.0, Babel 2.18.0)",
    "62a341345ec30bb28972612c6676b775ef39a85b48baafab026568d152d42054",
)


def test_the_renderer_names_the_libraries_and_the_page_that_it_makes() -> None:
    """Stored renderings are compared under one version: a page that changed needs a new one (billing rules §6.9)."""
    page = rendering.html(document(*every_shape()))
    assert (rendering.RENDERER, sha256(page.encode()).hexdigest()) == PAGE
    assert f"WeasyPrint {version('weasyprint')}, Babel {version('babel')}" in rendering.RENDERER


class Outline(HTMLParser):
    """The tags of a page, and their attributes but for what a meta element says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(pair for pair in attrs if tag != "meta" or pair[0] != "content")))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text: str) -> None:
    """Whatever a name says, the page has the same elements with the same attributes."""
    assert Outline(rendering.html(hostile(text))).tags == Outline(rendering.html(hostile("plain"))).tags


def test_a_page_loads_nothing() -> None:
    page = rendering.html(document(*every_shape()))
    assert "Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"" in page
    assert not re.search(r"(src|href|action|srcset)\s*=|url\(|@import|<script|<link", page)


@needs_pango
def test_the_same_document_gives_the_same_bytes() -> None:
    """Also after others were rendered in between."""
    invoice = document(*every_shape())
    first = rendering.pdf(invoice)
    rendering.pdf(draft(fee(description="Ж" * 3000)))
    assert rendering.pdf(json.loads(json.dumps(invoice))) == first
    assert rendering.html(invoice) == rendering.html(dict(reversed(invoice.items())))
    assert rendering.pdf({**invoice, "number": "INV-000043"}) != first


ELSEWHERE = """
import hashlib, json, pathlib, sys
from django.conf import settings
base = pathlib.Path.cwd()
engine = {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [base / "templates"]}
settings.configure(BASE_DIR=base, TEMPLATES=[engine], USE_THOUSAND_SEPARATOR=True, LANGUAGE_CODE="de")
import django
django.setup()
from billing.invoicing import rendering
for invoice in json.load(sys.stdin):
    for content in (rendering.html(invoice).encode(), rendering.pdf(invoice)):
        print(hashlib.sha256(content).hexdigest())
"""


@needs_pango
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4242", "TZ": "America/Los_Angeles", "LC_ALL": "ja_JP.UTF-8", "LANG": "ja_JP.UTF-8"},
    ],
)
def test_another_process_elsewhere_gives_the_same_bytes(environment: dict[str, str]) -> None:
    """Neither hash order, time zone, locale, language nor the day may show."""
    invoices = [document(*every_shape()), draft(fee()), document(fee(description="株式会社 مرحبا 😀"), locale="ja_JP")]
    result = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps(invoices),
        capture_output=True,
        text=True,
        check=True,
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment},
    )
    here = [content for each in invoices for content in (rendering.html(each).encode(), rendering.pdf(each))]
    assert result.stdout.split() == [sha256(content).hexdigest() for content in here]


def test_without_pango_a_pdf_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """All else works: the page itself needs no library."""

    class NoPango:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0': error 0x7e")

    for name in [each for each in sys.modules if each.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "billing.invoicing.printing", raising=False)
    monkeypatch.delattr(importlib.import_module("billing.invoicing"), "printing", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    with pytest.raises(PdfUnavailable) as refusal:
        rendering.pdf(document(fee()))
    assert "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in refusal.value.detail
    assert rendering.html(document(fee()))
