"""Recording money that came in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.invoicing import services as invoicing
from billing.models import Invoice
from core import clock
from core.actor import Actor
from core.errors import Refusal
from core.models import AuditRecord, Message, Tenant
from core.money import PICO, parse_pico
from ledger.models import Transfer
from payments import services
from payments.models import Payment
from tests.billing import small
from tests.billing.small import FEE
from tests.support import world
from tests.support.commands import manage
from tests.support.processes import at_once
from tests.support.world import TESTER, instant

JANUARY = "2026-01-01"


@pytest.fixture(autouse=True)
def issued(books: Tenant) -> None:
    """INV-000001 of 310.00 USD, issued on 1 January to a customer in Kolkata."""
    small.agree(FEE, customers=[world.customer(time_zone="Asia/Kolkata")])
    world.bill(JANUARY)


def _pay(amount: str, *, on: str = JANUARY, reference: str = "r-1", number: str = "INV-000001") -> Payment:
    return services.record_bank_transfer(
        invoice=Invoice.objects.get(number=number),
        amount=parse_pico(amount),
        on=date.fromisoformat(on),
        reference=reference,
        actor=TESTER,
    )


def _state(number: str = "INV-000001") -> tuple[str, str]:
    """(state, what is left to pay)."""
    row = Invoice.objects.get(number=number)
    return row.state, f"{Decimal(invoicing.outstanding([row.id])[row.id]) / PICO:f}"


def _refused(amount: str, **more: str) -> tuple[str, str | None]:
    before = (Payment.objects.count(), Transfer.objects.count(), _state())
    with pytest.raises(Refusal) as refused:
        _pay(amount, **more)
    assert (Payment.objects.count(), Transfer.objects.count(), _state()) == before
    return refused.value.code, refused.value.field


def test_a_payments_id_is_in_the_time_order_of_its_document() -> None:
    payment, issued_at = _pay("10"), Invoice.objects.get().issued_at
    assert datetime.fromtimestamp((payment.id.int >> 80) / 1000, tz=UTC) == issued_at
    assert _pay("10").id == payment.id


@pytest.mark.parametrize(
    ("amounts", "state", "applied", "unapplied"),
    [
        (["310"], ("paid", "0"), ["310"], "0"),
        (["100"], ("open", "210"), ["100"], "0"),
        (["100", "210"], ("paid", "0"), ["100", "210"], "0"),
        (["309.99", "0.01"], ("paid", "0"), ["309.99", "0.01"], "0"),
        (["350"], ("paid", "0"), ["310"], "-40"),
        (["300", "50"], ("paid", "0"), ["300", "10"], "-40"),
        (["310", "50"], ("paid", "0"), ["310", "0"], "-50"),
    ],
)
def test_partial_full_and_more_than_is_owed(
    amounts: list[str], state: tuple[str, str], applied: list[str], unapplied: str
) -> None:
    """What is more than is owed is kept as the payer's unapplied cash, in 2150."""
    payments = [_pay(amount, reference=f"r-{n}") for n, amount in enumerate(amounts)]
    assert _state() == state
    assert [one.applied.amount for one in payments] == [Decimal(one) for one in applied]
    assert world.balance(2150) == unapplied
    assert Decimal(world.balance(1000)) == sum(map(Decimal, amounts))
    assert world.balance(1100) == state[1]


def test_a_payment_is_recorded_audited_and_announced() -> None:
    payment = _pay("350", reference="bank 7")
    assert (payment.method, payment.reference, payment.currency) == ("bank_transfer", "bank 7", "USD")
    after = {"invoice": "INV-000001", "amount": "350", "applied": "310"}
    assert AuditRecord.objects.get(event="payment.recorded").after == after
    assert Message.objects.get(event="payment.recorded").payload == after
    assert AuditRecord.objects.filter(event="invoice.paid").count() == 1


def test_it_counts_from_the_day_on_which_it_arrived_in_the_payers_zone(actor: Actor) -> None:
    clock.advance(to=instant("2026-01-20"), actor=actor)
    payment = _pay("310", on="2026-01-10")
    posted = Transfer.objects.filter(code=30).get()
    assert (payment.received_on, payment.recorded_at) == (date(2026, 1, 10), instant("2026-01-20"))
    assert (posted.effective_at, posted.timestamp) == (instant("2026-01-09T18:30:00"), instant("2026-01-20"))


@pytest.mark.parametrize("first", ["100", "310", "350"])
def test_the_same_reference_again_is_the_same_payment(first: str) -> None:
    payment = _pay(first)
    before = (_state(), Transfer.objects.count(), AuditRecord.objects.count())
    assert _pay(first).pk == payment.pk
    assert (_state(), Transfer.objects.count(), AuditRecord.objects.count()) == before


def test_the_same_reference_saying_something_else_is_refused(actor: Actor) -> None:
    clock.advance(to=instant("2026-01-20"), actor=actor)
    _pay("100", on="2026-01-10")
    assert _refused("101", on="2026-01-10") == ("payment_differs", "reference")
    assert _refused("100", on="2026-01-11") == ("payment_differs", "reference")


def test_a_reference_belongs_to_one_document() -> None:
    """The bank's own references are no promise across documents."""
    world.bill("2026-02-01")
    _pay("310")
    _pay("310", number="INV-000002")
    assert (_state("INV-000001"), _state("INV-000002")) == (("paid", "0"), ("paid", "0"))


@pytest.mark.parametrize(
    ("amount", "on", "reference", "code", "field"),
    [
        ("0", JANUARY, "r", "invalid_value", "amount"),
        ("-1", JANUARY, "r", "invalid_value", "amount"),
        ("1.001", JANUARY, "r", "invalid_value", "amount"),
        ("1", "2026-01-02", "r", "invalid_value", "on"),
        ("1", JANUARY, "", "invalid_value", "reference"),
        ("1", JANUARY, "x" * 141, "invalid_value", "reference"),
        ("1", JANUARY, "a\x00b", "invalid_value", "reference"),
    ],
)
def test_what_can_not_be_a_payment_is_refused(amount: str, on: str, reference: str, code: str, field: str) -> None:
    """Nothing or less, fractions of a cent, a day that has not come, a reference that is none."""
    assert _refused(amount, on=on, reference=reference) == (code, field)


def test_today_is_the_payers_today(actor: Actor) -> None:
    """At 20:00 UTC it is tomorrow in Kolkata already."""
    clock.advance(to=instant("2026-01-05T20:00:00"), actor=actor)
    assert _pay("1", on="2026-01-06").received_on == date(2026, 1, 6)
    assert _refused("1", on="2026-01-07", reference="r-2") == ("invalid_value", "on")


def test_yen_have_no_decimals(books: Tenant) -> None:
    yen = {"key": "yen", "currency": "JPY", "interval": "month"}
    prices = [{"key": "fee", "product": "product", "model": "flat", "amount": "1000"}]
    signed = {"key": "s-02", "customer": "c-02", "plan": "yen", "start": world.day(JANUARY)}
    world.apply(
        {
            "customers": [world.customer("c-02", currency="JPY", subjects=[])],
            "plans": [{**yen, "prices": prices}],
            "subscriptions": [signed],
        }
    )
    world.bill(JANUARY)
    assert _refused("999.50", number="INV-000002") == ("invalid_value", "amount")
    _pay("1000", number="INV-000002")
    assert _state("INV-000002") == ("paid", "0")


def test_a_voided_document_is_not_paid_and_what_was_paid_before_stays_known() -> None:
    _pay("100")
    world.void_invoice("INV-000001")
    assert _refused("210", reference="r-2") == ("document_void", "number")
    assert _pay("100").applied.amount == 100


def pay_in_part(reference: str) -> str:
    try:
        return str(_pay("200", reference=reference).applied.amount.normalize())
    except Refusal as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("references", "applied", "unapplied"),
    [(("r-1", "r-2"), ["110", "200"], "-90"), (("r-1", "r-1"), ["200", "200"], "0")],
)
def test_two_processes_that_pay_at_once(references: tuple[str, str], applied: list[str], unapplied: str) -> None:
    """Two transfers of 200 for 310 settle it and leave 90; the same one twice is one (fault E11)."""
    answers = at_once(pay_in_part, *({"reference": one} for one in references))
    assert sorted(format(Decimal(one), "f") for one in answers) == applied
    assert (world.balance(2150), Payment.objects.count()) == (unapplied, len(set(references)))
    assert Decimal(world.balance(1000)) == 200 * len(set(references))


def test_the_command_tells_what_is_left(books: Tenant) -> None:
    arguments = ("--tenant", books.key, "--on", JANUARY, "--reference")
    part = manage("pay", "INV-000001", "--amount", "100", *arguments, "r-1")
    assert (part.code, part.out) == (0, "INV-000001 open, 210.00 USD left to pay\n")
    over = manage("pay", "INV-000001", "--amount", "250", *arguments, "r-2")
    assert (over.code, over.out) == (0, "INV-000001 paid, 0.00 USD left to pay\n40.00 USD more than was owed\n")
    again = manage("pay", "INV-000001", "--amount", "250.01", *arguments, "r-2")
    assert (again.code, again.out) == (1, "")
    assert "payment_differs: reference:" in again.err
    assert manage("pay", "INV-000001", "--amount", "1e3", *arguments, "r-3").code == 2
