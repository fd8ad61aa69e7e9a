"""What billing does when news arrives."""

from __future__ import annotations

import pytest

from billing.invoicing import rendering, view
from billing.invoicing.rendering import PdfUnavailable
from billing.models import Rendition
from core import outbox
from core.models import Delivery, Tenant
from tests.billing import small
from tests.billing.small import FEE
from tests.support import world


@pytest.fixture
def issued(books: Tenant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A document; instead of printing, its number is noted."""
    printed: list[str] = []

    def pdf(document: dict[str, str]) -> bytes:
        printed.append(document["number"])
        return f"PDF of {document['number']}".encode()

    monkeypatch.setattr(rendering, "pdf", pdf)
    monkeypatch.setattr(rendering, "pdf_renderer", lambda: "test")
    small.agree(FEE)
    world.bill("2026-01-01")
    return printed


def test_a_finalized_document_is_printed_once_and_kept(issued: list[str]) -> None:
    """By the relay, not by whoever bills."""
    assert issued == []
    assert outbox.relay() == 1
    assert issued == ["INV-000001"]
    assert bytes(Rendition.objects.get().content) == b"PDF of INV-000001"
    assert (view.pdf(view.invoice("INV-000001")), len(issued)) == (b"PDF of INV-000001", 1)


def test_without_pango_it_is_printed_when_somebody_asks(issued: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that can't print is no reason to try for ever."""

    def unavailable(document: dict[str, str]) -> bytes:
        raise PdfUnavailable("no pango")

    monkeypatch.setattr(rendering, "pdf", unavailable)
    assert outbox.relay() == 1
    assert not Rendition.objects.exists()
    assert Delivery.objects.get().state == Delivery.State.DELIVERED
