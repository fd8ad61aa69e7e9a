"""Documents, lines, drafts and balances over HTTP: what programs may rely on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any

import httpx
import pytest

from billing.invoicing import view
from billing.invoicing.documents import sealed_again
from billing.models import Invoice, Rendition
from core import canonical
from tests.edges.books import Shop

pytestmark = pytest.mark.usefixtures("shop")
Get = Callable[..., httpx.Response]
FIRST = "INV-000001"


def every(get: Get, path: str, **params: Any) -> list[dict[str, Any]]:
    """All entries of a list, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        page = get(path, **params).json()
        found += page["items"]
        if page["next"] is None:
            return found
        params["cursor"] = page["next"]


def test_invoices_are_listed_latest_first_and_as_the_command_lists_them(get: Get) -> None:
    response = get("/invoices")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert list(reversed(response.json()["items"])) == view.summaries()


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_tile_the_list(get: Get, limit: int) -> None:
    """Every document once, in one order, whatever the size of a page."""
    assert every(get, "/invoices", limit=limit) == get("/invoices").json()["items"]


@pytest.mark.parametrize(
    "params",
    [
        {"customer": "acme"},
        {"customer": "zenith"},
        {"customer": "acme-labs"},
        {"status": "open"},
        {"status": "paid"},
        {"currency": "EUR"},
        {"currency": "USD", "status": "open", "customer": "acme"},
    ],
)
def test_filters_choose_among_all(get: Get, params: dict[str, str]) -> None:
    chosen = [
        one for one in get("/invoices").json()["items"] if all(one[name] == value for name, value in params.items())
    ]
    assert get("/invoices", **params).json()["items"] == chosen


def test_a_customer_is_named_by_key_or_id(get: Get) -> None:
    payer = Invoice.objects.get(number=FIRST).payer
    assert get("/invoices", customer=payer.id).json() == get("/invoices", customer=payer.key).json()


def test_a_document_is_canonical_and_proves_its_digest(get: Get) -> None:
    """interfaces §4: the bytes are the canonical form, and the sealed part hashes to the digest it carries."""
    response = get(f"/invoices/{FIRST}")
    document = response.json()
    assert response.text == canonical.encode(document)
    party = Invoice.objects.get(number=FIRST).party
    assert canonical.digest(sealed_again(document, party)) == document["digest"]


def test_a_document_shows_what_was_paid(get: Get) -> None:
    totals = get(f"/invoices/{FIRST}").json()["totals"]
    assert float(totals["gross"]) - float(totals["due"]) == 1


def test_amounts_are_texts(get: Get) -> None:
    """No JSON number ever carries money or a quantity."""
    numbers: list[float] = []
    json.loads(get(f"/invoices/{FIRST}").text, parse_float=lambda text: numbers.append(float(text)))
    assert numbers == []


@pytest.mark.parametrize("path", [f"/invoices/{FIRST}", f"/invoices/{FIRST}/pdf"])
def test_a_client_that_has_it_is_not_sent_it_again(ask: Any, shop: Shop, path: str) -> None:
    key = shop.keys["invoices:read"]
    first = ask(path, key)
    again = ask(path, key, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = ask(path, key, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_a_pdf_is_the_one_that_was_kept(get: Get) -> None:
    response = get(f"/invoices/{FIRST}/pdf")
    kept = Rendition.objects.get(invoice__number=FIRST)
    assert sha256(response.content).hexdigest() == kept.digest
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{FIRST}.pdf"'


def test_lines_are_explained_down_to_the_events(get: Get) -> None:
    """The values of the events behind a summed line add up to its quantity."""
    number, metered = next(metered_lines(get))
    for position, line in enumerate(get(f"/invoices/{number}").json()["lines"], start=1):
        told = get(f"/invoices/{number}/lines/{position}").json()
        events = every(get, f"/invoices/{number}/lines/{position}/events", limit=5)
        assert told["line"] == line
        assert sum(Decimal(one["amount"]) for one in told["charges"]) == Decimal(line["amount_exact"])
        if position == metered:
            assert sum(int(one["value"]) for one in events) == int(line["quantity"])
        if line["kind"] == "fee":
            assert events == []


def test_pages_of_events_tile_them(get: Get) -> None:
    number, position = next(metered_lines(get))
    path = f"/invoices/{number}/lines/{position}/events"
    whole = get(path, limit=100).json()["items"]
    assert len(whole) > 20
    assert every(get, path, limit=7) == whole


def test_a_correcting_line_shows_what_changed(get: Get) -> None:
    """The late event came, and the voided one went."""
    number, position = next(metered_lines(get, corrects=True))
    told = get(f"/invoices/{number}/lines/{position}").json()
    events = get(f"/invoices/{number}/lines/{position}/events").json()["items"]
    assert told["events_are"] == "changes"
    shown = {(one["id"], one["change"], one["voided"]) for one in events}
    assert shown == {("late", "added", False), ("e-3", "taken_away", True)}
    for change in ("added", "taken_away"):
        asked = get(f"/invoices/{number}/lines/{position}/events", change=change).json()["items"]
        assert asked == [one for one in events if one["change"] == change]
    assert get(f"/invoices/{number}/lines/{position}/events", change="gone").status_code == 422


def test_drafts_are_documents_without_a_number(get: Get) -> None:
    """What waits for the next cut-off, as the document that it would make."""
    [draft] = get("/drafts").json()["items"]
    issued = get(f"/invoices/{FIRST}").json()
    assert draft.keys() == issued.keys()
    assert (draft["number"], draft["digest"], draft["status"]) == (None, None, "draft")
    assert (draft["buyer"]["key"], draft["lines"][0]["price"]) == ("zenith", "seats")
    assert get("/drafts", customer="zenith").json()["items"] == [draft]
    assert get("/drafts", customer="acme").json() == {"items": [], "next": None}


def test_balances_are_what_the_ledger_says(get: Get) -> None:
    """Receivable is what documents still ask for; unbilled is what no document shows."""
    for name, currency in (("acme", "USD"), ("zenith", "EUR")):
        owed = sum(Decimal(one["due"]) for one in get("/invoices", customer=name).json()["items"])
        drafted = sum(
            Decimal(line["amount_exact"])
            for draft in get("/drafts", customer=name).json()["items"]
            for line in draft["lines"]
        )
        [balance] = get("/balances", customer=name).json()["balances"]
        assert balance["currency"] == currency
        assert Decimal(balance["receivable"]) == owed
        assert Decimal(balance["unbilled"]) == drafted
        assert Decimal(balance["unapplied"]) == 0


@pytest.mark.parametrize(
    "path, names",
    [
        ("/invoices", "currency customer digest due due_on gross issued_on kind net number period status tax"),
        (f"/invoices/{FIRST}/lines/1", "charges events_are invoice line position"),
        ("/balances?customer=acme", "balances customer"),
        ("/drafts", None),
        (f"/invoices/{FIRST}", None),
    ],
)
def test_no_more_is_told_than_promised(get: Get, path: str, names: str | None) -> None:
    """No id of a tenant, no salt, no internal name leaves by the door (fault H5)."""
    response = get(path)
    if names:
        body = response.json()
        assert sorted(body.get("items", [body])[0]) == names.split()
    assert not re.search(r"tenant|salt|party_digest|_id\b", response.text)


def metered_lines(get: Get, *, corrects: bool = False) -> Iterator[tuple[str, int]]:
    """(number, position) of acme's own lines of tokens."""
    for one in get("/invoices", customer="acme").json()["items"]:
        for position, line in enumerate(get(f"/invoices/{one['number']}").json()["lines"], start=1):
            if (line["customer"], line["price"]) == ("acme", "tokens") and bool(line["corrects"]) is corrects:
                yield one["number"], position
