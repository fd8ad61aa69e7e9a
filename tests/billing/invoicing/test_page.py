"""What an invoice's page says."""

from __future__ import annotations

import re

import pytest

from billing.invoicing import rendering
from tests.billing.invoicing.reading import needs_pango, printing, squeezed, words_of_html, words_of_pdf
from tests.billing.invoicing.samples import SELLER, document, draft, every_shape, fee, line, row, tokens


@pytest.mark.parametrize(
    "said",
    [
        "Invoice INV-000042",
        "Acme AI GmbH",
        "Tax ID DE136695976",
        "Αθηναϊκή Τεχνολογία Α.Ε.",
        "105 63 Αθήνα",
        "Greece",
        "Issued Feb 1, 2026",
        "Due Mar 3, 2026",
        "Billing period Jan 1 – 31, 2026",
        "All amounts in euros (EUR)",
        "1,500,000 tokens",
        "first 1,000,000 tokens at €0.000002 each = €2.00",
        "next 500,000 tokens at €0.0000015 each = €0.75",
        "3 seats at €12.00 each for 9/14 of the period = €23.142857142857",
        "overage: 2 packages of 1,000 calls at €0.40 each",
        "Corrects invoice INV-000031",
        "Usage that reached us after its period was billed",
        "12,000 tokens at €0.0000015 each (tier above 1,000,000) = €0.018",
        "−40,000 tokens €0.0000135 −€0.54",
        "−1 €49.00 −€28.45",
        "Total €510.13",
        "Amount due by Mar 3, 2026 €510.13",
        "IBAN DE89 3704 0044 0532 0130 00",
        "Reference INV-000042",
        "Payable within 30 days of the date of issue.",
    ],
)
@pytest.mark.parametrize("form", ["html", pytest.param("pdf", marks=needs_pango)])
def test_a_page_says_everything_that_its_reader_needs(form: str, said: str, pages: dict[str, str]) -> None:
    assert squeezed(said) in pages[form]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    invoice = document(*every_shape())
    found = {"html": words_of_html(rendering.html(invoice))}
    return found | ({"pdf": words_of_pdf(rendering.pdf(invoice))} if printing else {})


def test_a_line_whose_charges_came_to_nothing_is_not_shown() -> None:
    """Usage that arrived late and was voided before any document showed it."""
    page = words_of_html(rendering.html(document(line("Late usage: Calls", "0.00"), fee())))
    assert "Late usage" not in page
    assert "Platform" in page


@pytest.mark.parametrize(
    "fields, said, not_said",
    [
        ({"status": "paid", "due": "0.00"}, ["Paid −€51.75", "paid in full", "Amount due €0.00"], ["How to pay"]),
        ({"status": "void", "due": "0.00"}, ["VOID", "do not pay", "Nothing to pay €0.00"], ["How to pay", "Paid −"]),
        (
            {"due": "10.00", "credit_applied": "1.75"},
            ["Credit applied −€1.75", "Paid −€40.00", "Amount €10.00"],
            ["VOID"],
        ),
        ({}, ["Amount due by Mar 3, 2026 €51.75", "How to pay"], ["DRAFT", "Paid", "Credit applied"]),
    ],
)
def test_what_is_to_pay_follows_what_was_paid(fields: dict[str, str], said: list[str], not_said: list[str]) -> None:
    invoice = document(fee(), tokens(), status=fields.get("status", "open"))
    invoice["totals"] |= {name: amount for name, amount in fields.items() if name != "status"}
    words = words_of_html(rendering.html(invoice))
    assert [each for each in said if squeezed(each) not in words] == []
    assert [each for each in not_said if squeezed(each) in words] == []


def test_a_draft_is_marked_and_asks_for_nothing() -> None:
    words = words_of_html(rendering.html(draft(fee())))
    assert "DRAFT" in words
    assert squeezed("Total so far €49.00") in words
    assert squeezed("How to pay") not in words
    assert "None" not in words


def test_without_a_bank_account_the_reference_and_the_date_remain() -> None:
    words = words_of_html(rendering.html(document(fee(), seller={**SELLER, "bank": None, "email": ""})))
    assert "IBAN" not in words
    assert squeezed("Reference INV-000042") in words


@pytest.mark.parametrize(
    "days, words", [(0, "Payable on receipt."), (1, "Payable within 1 day of the date"), (14, "within 14 days")]
)
def test_terms_are_said_in_words(days: int, words: str) -> None:
    assert squeezed(words) in words_of_html(rendering.html(document(fee(), payment_terms_days=days)))


def test_lines_are_grouped_by_customer_and_by_subscription() -> None:
    """A consolidated invoice gives each customer a heading and a subtotal, and tells subscriptions apart."""
    words = words_of_html(
        rendering.html(
            document(
                fee(customer="c-02", customer_name="Two Ltd"),
                fee(customer="c-03"),
                tokens(customer="c-02", customer_name="Two Ltd"),
                tokens(customer="c-02", customer_name="Two Ltd", subscription="s-02"),
            )
        )
    )
    assert squeezed("Subtotal Two Ltd €54.50") in words
    assert squeezed("Subtotal c-03 €49.00") in words
    assert words.index("TwoLtd") < words.index("Subscriptions-01") < words.index("Subscriptions-02")
    assert words.count("TwoLtd") == 2
    assert words.count("Subscription") == 2


def test_one_customer_with_one_subscription_needs_no_heading() -> None:
    words = words_of_html(rendering.html(document(fee(), tokens())))
    assert "Subscription" not in words
    assert words.count("Subtotal") == 1


def test_rounding_from_earlier_documents_is_explained() -> None:
    """A line shows what rounding the key so far adds: 0.004 may be shown as 0.01 (billing rules §6.2)."""
    carried = line("Input tokens", "0.01", row("2", "0.002"))
    said = squeezed("Includes rounding carried over from earlier invoices")
    assert said in words_of_html(rendering.html(document(carried)))
    assert said not in words_of_html(rendering.html(document(line("Input tokens", "0.00", row("2", "0.002")))))


@pytest.mark.parametrize(
    "currency, locale, places, amount, shown",
    [
        ("JPY", "ja_JP", 0, "16667", "¥16,667"),
        ("KWD", "en", 3, "2.750", "KWD 2.750"),
        ("INR", "hi_IN", 2, "100000.00", "₹1,00,000.00"),
        ("EUR", "de_DE", 2, "1234.50", "1.234,50 €"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    currency: str, locale: str, places: int, amount: str, shown: str
) -> None:
    invoice = document(line("Usage", amount, row("1", amount)), places=places, currency=currency, locale=locale)
    words = words_of_html(rendering.html(invoice))
    assert words.count(squeezed(shown)) == 7, "unit price, line, subtotal, total, twice due, to pay"


def test_a_page_reads_well_aloud() -> None:
    """Language, one first heading, a caption, and headers with a scope."""
    page = rendering.html(document(*every_shape()))
    assert '<html lang="en">' in page
    assert page.count("<h1>") == 1
    assert "<caption>" in page
    assert re.findall(r"<th(?![a-z])(?![^>]*scope=)", page) == []
