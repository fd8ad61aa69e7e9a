"""Issuing documents from drafts, and taking them back."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from billing.invoicing import documents, gathering, services
from billing.invoicing.gathering import Wanted
from billing.invoicing.services import AlreadyVoid, Issue
from billing.models import Charge, CutOff, Invoice, InvoiceLine
from core import clock
from core.actor import Actor
from core.db.transaction import atomic
from core.errors import InvalidValue
from core.models import AuditRecord, Message, Tenant
from core.money import PICO, format_pico
from customers import selectors, trees
from customers.models import Mark
from payments.services import record_bank_transfer
from tests.billing import small
from tests.billing.small import TOKENS, use
from tests.support import world
from tests.support.undoing import undone
from tests.support.world import TESTER, instant

FEBRUARY = instant("2026-02-01")
YEAR = {"key": "year", "model": "flat", "amount": "24.005", "timing": "arrears"}


@pytest.fixture(autouse=True)
def agreed(books: Tenant) -> None:
    """Two payers who owe 26.505 and 28.005 for January."""
    small.agree(TOKENS, YEAR, customers=[world.customer(), world.customer("c-02", terms_days=14)])
    use("e-1", 25)
    use("e-2", 40, customer="c-02")


def _issue(*customers: str, at: str = "2026-02-01") -> list[Invoice]:
    """One document for each payer, in that order, at a moment."""
    wanted = [Wanted(FEBRUARY, selectors.customer(one).id, "USD") for one in customers]
    seller = selectors.seller()
    with atomic():
        trees.lock(small.tree(one).id for one in customers)
        drafts = gathering.drafts(wanted, seller=seller)
        return services.finalize(drafts, seller=seller, issue=Issue(at=instant(at), actor=TESTER))


def _void(number: str, reason: str = "wrong address") -> Invoice:
    invoice = Invoice.objects.get(number=number)
    return services.void(invoice=invoice, voided_as="rebill", reason=reason, actor=TESTER)


def _pay(number: str, amount: str) -> None:
    record_bank_transfer(
        invoice=Invoice.objects.get(number=number),
        amount=int(Decimal(amount) * PICO),
        on=clock.now().date(),
        reference=amount,
        actor=TESTER,
    )


def _balances() -> dict[int, str]:
    codes = (1000, 1100, 1200, 2150, 4000, 5200)
    return {code: amount for code in codes if (amount := world.balance(code)) != "0"}


def test_documents_are_numbered_in_the_order_of_their_drafts() -> None:
    small.book("c-01", "c-02", through="2026-02-01")
    issued = _issue("c-02", "c-01")
    assert [(row.number, row.sequence, row.payer.key) for row in issued] == [
        ("INV-000001", 1, "c-02"),
        ("INV-000002", 2, "c-01"),
    ]
    assert [(row.issued_on, row.due_on) for row in issued] == [
        (world.day("2026-02-01"), world.day("2026-02-15")),
        (world.day("2026-02-01"), world.day("2026-03-03")),
    ]


def test_what_is_owed_moves_from_unbilled_to_receivable_and_the_remainder_is_posted() -> None:
    """1100/1200 for the rounded net; what rounding leaves goes to or from 5200."""
    small.book("c-01", through="2026-02-01")
    assert _balances() == {1200: "26.505", 4000: "-26.505"}
    (row,) = _issue("c-01")
    assert (row.state, row.net.amount, row.tax.amount, row.gross.amount) == (
        "open",
        Decimal("26.5"),
        0,
        Decimal("26.5"),
    )
    assert _balances() == {1100: "26.5", 5200: "0.005", 4000: "-26.505"}


def test_each_charge_is_claimed_once_and_each_key_is_one_line() -> None:
    small.book("c-01", through="2026-02-01")
    (row,) = _issue("c-01")
    lines = list(row.lines.order_by("position").values_list("position", "description", "amount", "exact"))
    assert lines == [
        (1, "Product · Tokens", Decimal("2.5"), Decimal("2.5")),
        (2, "Product · Year", Decimal(24), Decimal("24.005")),
    ]
    assert {claim.charge_id for claim in row.claims.all()} == set(Charge.objects.values_list("id", flat=True))
    assert gathering.drafts([Wanted(FEBRUARY, row.payer_id, "USD")], seller=row.seller) == []


def test_the_frozen_form_agrees_with_the_rows_and_verifies_by_itself() -> None:
    small.book("c-01", through="2026-02-01")
    (row,) = _issue("c-01")
    form = json.loads(row.body)
    assert (documents.digest(form), form["number"], form["due_on"]) == (row.digest, "INV-000001", "2026-03-03")
    assert form["buyer"] == {"key": "c-01", "party_digest": row.party.digest}
    kept = InvoiceLine.objects.order_by("position").values_list("key", "description")
    assert [(one["id"], one["description"]) for one in form["lines"]] == [(str(key), words) for key, words in kept]


def test_it_is_announced_for_whoever_prints_and_collects() -> None:
    small.book("c-01", through="2026-02-01")
    (row,) = _issue("c-01")
    message = Message.objects.get(event="invoice.finalized")
    assert (message.subject_id, message.payload) == (str(row.id), {"number": "INV-000001", "gross": "26.5"})
    assert AuditRecord.objects.get(event="invoice.finalized").after == message.payload


def test_no_document_is_dated_before_the_last_one_of_its_series() -> None:
    """Another run may have issued one meanwhile (order by number is order by finalization, invariant I7)."""
    small.book("c-01", "c-02", through="2026-02-01")
    (later,), (earlier,) = _issue("c-01", at="2026-02-05"), _issue("c-02", at="2026-02-01")
    assert later.issued_at == earlier.issued_at == instant("2026-02-05")


def test_an_issue_undone_takes_no_number() -> None:
    small.book("c-01", through="2026-02-01")
    with undone():
        assert _issue("c-01")[0].number == "INV-000001"
    assert not Invoice.objects.exists()
    assert _issue("c-01")[0].number == "INV-000001"


def test_a_document_that_comes_to_nothing_is_paid_as_soon_as_it_is_issued() -> None:
    """Lines that cancel each other are shown, and nobody is asked for 0.00."""
    world.apply({"plans": [world.plan("same", [TOKENS, YEAR])]})
    world.bill("2026-02-01")
    world.change(on="2026-01-01", plan="same", reason="another name")
    small.book("c-01", through="2026-02-01")
    (row,) = _issue("c-01")
    assert sorted(world.lines(str(row.number))) == [
        ("Correction: Product · Tokens", "-2.50"),
        ("Credit for unused time: Product · Year", "-24.00"),
        ("Product · Tokens", "2.50"),
        ("Product · Year", "24.00"),
    ]
    assert (Invoice.objects.get(pk=row.pk).state, services.outstanding([row.id])[row.id]) == ("paid", 0)
    assert AuditRecord.objects.filter(event="invoice.paid", subject_id=str(row.id)).exists()


# Voiding


def test_a_void_takes_back_everything_and_makes_it_due_again() -> None:
    """§6.6: the charges are reversed, and the voided document itself claims the reversals."""
    world.bill("2026-02-01")
    row = _void("INV-000001")
    assert (row.state, row.voided_as, row.void_reason) == ("void", "rebill", "wrong address")
    assert _balances() == {1100: "28", 5200: "0.005", 4000: "-28.005"}
    claimed = [claim.charge for claim in row.claims.select_related("charge").order_by("charge__key", "charge__n")]
    assert [(one.n, one.reverses_id is not None) for one in claimed] == [(0, False), (1, True)] * 2
    assert CutOff.objects.get(payer__key="c-01", at=FEBRUARY).outcome == CutOff.Outcome.REOPENED
    latest = Mark.objects.filter(tree=row.payer.tree).order_by("number").last()
    assert latest is not None
    assert (latest.cause, latest.earliest_at) == ("invoice.voided", instant("2026-01-01"))


def test_the_same_void_again_changes_nothing_and_another_is_refused() -> None:
    world.bill("2026-02-01")
    _void("INV-000001")
    before = (Charge.objects.count(), Mark.objects.count(), _balances())
    assert _void("INV-000001").state == "void"
    assert (Charge.objects.count(), Mark.objects.count(), _balances()) == before
    with pytest.raises(AlreadyVoid, match="INV-000001 was voided before: wrong address") as refused:
        _void("INV-000001", "another reason")
    assert refused.value.field == "number"


@pytest.mark.parametrize("reason", ["", " ", "x" * 2001, "a\x00b"])
def test_a_void_says_why(reason: str) -> None:
    world.bill("2026-02-01")
    with pytest.raises(InvalidValue) as refused:
        _void("INV-000001", reason)
    assert refused.value.field == "reason"
    assert Invoice.objects.get(number="INV-000001").state == "open"


@pytest.mark.parametrize(("paid", "state"), [("10", "open"), ("26.5", "paid"), ("30", "paid")])
def test_what_was_paid_of_a_voided_document_is_unapplied_cash_again(paid: str, state: str) -> None:
    """Partial, whole, or more than was owed: all of it is the payer's, in 2150."""
    world.bill("2026-02-01")
    _pay("INV-000001", paid)
    assert Invoice.objects.get(number="INV-000001").state == state
    row = _void("INV-000001")
    assert (world.balance(1000), world.balance(2150), world.balance(1100)) == (paid, f"-{paid}", "28")
    assert services.outstanding([row.id])[row.id] == 0
    assert services.paid(row) == 0


def test_the_replacement_has_a_number_of_its_own_and_the_voided_one_keeps_its() -> None:
    world.bill("2026-02-01")
    before = Invoice.objects.get(number="INV-000001").body
    _void("INV-000001")
    world.bill("2026-02-01")
    assert world.invoices() == [
        ("INV-000001", "void", "26.50"),
        ("INV-000002", "open", "28.00"),
        ("INV-000003", "open", "26.50"),
    ]
    assert Invoice.objects.get(number="INV-000001").body == before


# What is left to pay


def test_a_document_is_paid_when_the_ledger_says_that_nothing_is_left(actor: Actor) -> None:
    world.bill("2026-02-01")
    seen = [_state("INV-000001")]
    for amount in ("26.49", "0.01"):
        _pay("INV-000001", amount)
        seen.append(_state("INV-000001"))
    assert seen == [("open", "26.5", "0"), ("open", "0.01", "26.49"), ("paid", "0", "26.5")]
    assert AuditRecord.objects.filter(event="invoice.paid").count() == 1


def _state(number: str) -> tuple[str, str, str]:
    """(state, left to pay, paid); asking whether it is settled changes nothing, however often."""
    row = Invoice.objects.get(number=number)
    with atomic():
        assert not services.settle_if_paid(row, at=clock.now(), actor=TESTER)
    return row.state, format_pico(services.outstanding([row.id])[row.id]), format_pico(services.paid(row))


def test_an_unknown_document_owes_nothing() -> None:
    assert services.outstanding([]) == {}
