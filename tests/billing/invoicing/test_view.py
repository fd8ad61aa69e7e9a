"""Documents as they are read: the issued ones whole, their renditions, and drafts as they stand."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256

import pytest

from billing.invoicing import documents, rendering, view
from billing.models import Invoice, Rendition
from core import canonical
from core.errors import NotFound
from core.models import Tenant
from core.money import PICO
from customers import selectors
from payments.services import record_bank_transfer
from tests.billing import small
from tests.billing.small import FEE, TOKENS, use
from tests.support import world
from tests.support.tenants import another_tenant
from tests.support.world import TESTER, instant

FEBRUARY = instant("2026-02-01")


@pytest.fixture(autouse=True)
def agreed(books: Tenant) -> None:
    small.agree(TOKENS, FEE, customers=[world.customer(), world.customer("c-02")])
    use("e-1", 25)


def _pay(number: str, amount: str) -> None:
    record_bank_transfer(
        invoice=view.invoice(number),
        amount=int(Decimal(amount) * PICO),
        on=world.day("2026-01-01"),
        reference=amount,
        actor=TESTER,
    )


def test_a_document_has_the_state_that_the_ledger_gives_it_now() -> None:
    world.bill("2026-01-01")
    seen = []
    for amount in (None, "100", "210", "5"):
        if amount:
            _pay("INV-000001", amount)
        whole = view.document(view.invoice("INV-000001"))
        seen.append((whole["status"], whole["totals"]["due"]))
    assert seen == [("open", "310.00"), ("open", "210.00"), ("paid", "0.00"), ("paid", "0.00")]
    world.void_invoice("INV-000001")
    voided = view.document(view.invoice("INV-000001"))
    assert (voided["status"], voided["totals"]["due"], voided["totals"]["gross"]) == ("void", "0.00", "310.00")


def test_what_is_printed_is_as_it_was_sent_for_ever() -> None:
    world.bill("2026-01-01")
    sent = view.as_issued(view.invoice("INV-000001"))
    _pay("INV-000001", "310")
    world.apply({"customers": [world.customer(name="Renamed")]})
    assert view.as_issued(view.invoice("INV-000001")) == sent
    assert (sent["status"], sent["totals"]["due"], sent["buyer"]["name"]) == ("open", "310.00", "c-01 Inc")


def test_a_whole_document_seals_to_its_digest() -> None:
    world.bill("2026-02-01")
    for row in Invoice.objects.select_related("party", "payer"):
        read = json.loads(canonical.encode(view.document(row)))
        assert documents.digest(documents.sealed_again(read, row.party)) == row.digest == read["digest"]


def test_a_number_that_there_is_not_here_is_told() -> None:
    world.bill("2026-01-01")
    with pytest.raises(NotFound) as refused:
        view.invoice("INV-000099")
    assert refused.value.field == "number"
    with another_tenant(), pytest.raises(NotFound):
        view.invoice("INV-000001")


def test_a_pdf_is_rendered_once_and_kept_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    world.bill("2026-01-01")
    asked: list[str] = []

    def pdf(document: dict[str, str]) -> bytes:
        asked.append(document["status"])
        return b"%PDF"

    monkeypatch.setattr(rendering, "pdf", pdf)
    monkeypatch.setattr(rendering, "pdf_renderer", lambda: "test 1")
    row = view.invoice("INV-000001")
    _pay("INV-000001", "310")
    assert [view.pdf(view.invoice("INV-000001")), view.pdf(row)] == [b"%PDF", b"%PDF"]
    assert asked == ["open"]
    kept = Rendition.objects.get()
    assert (kept.digest, kept.renderer) == (sha256(b"%PDF").hexdigest(), "test 1")


def test_a_page_shows_the_present_state() -> None:
    world.bill("2026-01-01")
    _pay("INV-000001", "310")
    assert "INV-000001" in view.html(view.invoice("INV-000001"))


def test_drafts_are_whole_documents_without_number_date_and_digest() -> None:
    small.book("c-01", "c-02", through="2026-02-01")
    first, second = view.draft_documents(at=FEBRUARY)
    assert [first["buyer"]["key"], second["buyer"]["key"]] == ["c-01", "c-02"]
    assert [first[name] for name in ("number", "issued_on", "due_on", "digest", "status")] == [None] * 4 + ["draft"]
    assert (first["totals"]["gross"], first["totals"]["due"]) == ("622.50", "622.50")
    assert (first["buyer"]["name"], len(first["lines"])) == ("c-01 Inc", 3)


def test_drafts_may_be_asked_for_by_customer_and_by_moment() -> None:
    small.book("c-01", "c-02", through="2026-02-01")
    accounts = view.draft_accounts(at=FEBRUARY)
    assert [(one.payer_key, one.currency) for one in accounts] == [("c-01", "USD"), ("c-02", "USD")]
    assert view.draft_accounts(at=instant("2025-12-31")) == []
    (only,) = view.draft_documents(at=instant("2026-01-01"), customer=selectors.customer("c-02"))
    assert (only["buyer"]["key"], only["totals"]["gross"]) == ("c-02", "310.00")
    assert len(view.draft_documents(at=FEBRUARY, accounts=accounts[1:])) == 1


def test_a_negative_draft_asks_for_nothing() -> None:
    world.bill("2026-02-01")
    world.void("e-1")
    small.book("c-01", through="2026-02-01")
    (draft,) = view.draft_documents(at=FEBRUARY)
    assert (draft["totals"]["gross"], draft["totals"]["due"]) == ("-2.50", "0.00")


def test_a_draft_says_what_the_document_will_say(books: Tenant) -> None:
    """But for number, dates and digest, and the state that comes with them."""
    small.book("c-01", through="2026-01-01")
    (draft,) = view.draft_documents(at=instant("2026-01-01"))
    world.bill("2026-01-01")
    (issued,) = [view.document(row) for row in Invoice.objects.select_related("party") if row.payer.key == "c-01"]
    left_out = ("number", "issued_on", "due_on", "digest", "status")
    assert {name: draft[name] for name in draft if name not in left_out} == {
        name: issued[name] for name in issued if name not in left_out
    }


def test_lists_are_summaries_in_the_order_of_numbers() -> None:
    world.bill("2026-02-01")
    _pay("INV-000001", "310")
    listed = view.summaries()
    assert [one["number"] for one in listed] == [f"INV-00000{n}" for n in range(1, 5)]
    first = listed[0]
    assert first == view.summary(view.invoice("INV-000001"), due=0)
    assert first | {"digest": "", "customer": ""} == {
        "number": "INV-000001",
        "kind": "invoice",
        "status": "paid",
        "customer": "",
        "currency": "USD",
        "period": {"start": "2026-01-01", "end": "2026-02-01"},
        "issued_on": "2026-01-01",
        "due_on": "2026-01-31",
        "net": "310.00",
        "tax": "0.00",
        "gross": "310.00",
        "due": "0.00",
        "digest": "",
    }
    assert {one["customer"] for one in view.summaries(customer=selectors.customer("c-02"))} == {"c-02"}


def test_a_drafts_summary_has_the_same_fields() -> None:
    small.book("c-01", through="2026-01-01")
    (form,) = view.draft_documents(at=instant("2026-01-01"))
    told = view.draft_summary(form)
    world.bill("2026-01-01")
    assert set(told) == set(view.summaries()[0])
    assert (told["number"], told["gross"], told["customer"]) == (None, "310.00", "c-01")
