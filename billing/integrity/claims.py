"""Each charge goes onto one document of whoever owes it, no later than the next one that may show it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from billing.models import Charge, ChargeKeyRow, Claim, CutOff, Invoice, RunItem
from contracts.models import BilledPeriod
from core.db.asking import NAMED, count, faults, holds
from core.integrity import Check, Finding, Outcome, outcome
from core.money import format_pico
from ledger.chart import Code
from ledger.models import Account

# ruff: noqa: S608 - the statement is a constant
_UNEQUAL = f"""
SELECT customer.key, sums.currency, SUM(sums.balance), SUM(sums.unclaimed) FROM (
    SELECT customer_id, currency, debits_posted - credits_posted AS balance, 0 AS unclaimed
    FROM ledger_account WHERE tenant_id = %(tenant)s AND code = {Code.UNBILLED_RECEIVABLE:d}
    UNION ALL
    SELECT payer_id, currency, 0, amount FROM billing_charge
    WHERE tenant_id = %(tenant)s
      AND NOT EXISTS (SELECT 1 FROM billing_claim WHERE billing_claim.charge_id = billing_charge.id)
) sums
JOIN customers_customer customer ON customer.id = sums.customer_id
GROUP BY customer.key, sums.currency
HAVING SUM(sums.balance) <> SUM(sums.unclaimed)
ORDER BY customer.key, sums.currency
"""


def _periods() -> Outcome:
    if not holds(ChargeKeyRow):
        return outcome(0, "charge keys")
    around = BilledPeriod.objects.filter(
        subscription=OuterRef("subscription"), start_at=OuterRef("period_start"), end_at__gt=OuterRef("segment_start")
    )
    outside = ChargeKeyRow.objects.filter(~Exists(around) | Q(segment_start__lt=F("period_start")))
    found = [
        Finding(f"charge key {row.id}", f"it is of no billed period of {row.subscription.key}")
        for row in outside.select_related("subscription").order_by("id")[:NAMED]
    ]
    return outcome(count(ChargeKeyRow), "charge keys", found)


def _claims() -> Outcome:
    return outcome(count(Claim), "claims", islice(_wrong_claims(), NAMED))


def _wrong_claims() -> Iterator[Finding]:
    if holds(Claim):
        yield from _misclaimed()
    for invoice in _half_voided() if holds(Invoice) else ():
        yield Finding(f"invoice {invoice}", "it was voided, and not all that it showed was taken back")


def _misclaimed() -> Iterator[Finding]:
    rows = Claim.objects.select_related("invoice").order_by("id")
    strange = ~Q(invoice__payer=F("charge__payer")) | ~Q(invoice__currency=F("charge__currency"))
    for row in rows.filter(strange):
        yield Finding(f"charge {row.charge_id}", f"{row.invoice} shows it to somebody else, or in another currency")
    for row in rows.filter(charge__reverses__isnull=True, charge__due_from__gt=F("invoice__cut_off_at")):
        yield Finding(f"charge {row.charge_id}", f"{row.invoice} shows it before it is due")
    reversed_there = Claim.objects.filter(invoice=OuterRef("invoice"), charge=OuterRef("charge__reverses"))
    wrongly = (
        ~Exists(reversed_there)
        | ~Q(invoice__state=Invoice.State.VOID)
        | ~Q(charge__amount=-F("charge__reverses__amount"))
    )
    for row in rows.filter(wrongly, charge__reverses__isnull=False):
        yield Finding(f"charge {row.charge_id}", f"it does not take back what {row.invoice} showed")


def _half_voided() -> QuerySet[Invoice]:
    """Documents voided as rebill of which something is still charged."""
    voided = Invoice.objects.filter(state=Invoice.State.VOID, voided_as=Invoice.VoidedAs.REBILL)
    reversals = Count("claims", filter=Q(claims__charge__reverses__isnull=False))
    counted = voided.annotate(back=reversals, shown=Count("claims") - reversals)
    return counted.exclude(back=F("shown")).order_by("sequence")


def _unbilled() -> Outcome:
    if not holds(Account, Charge):
        return outcome(0, "accounts")
    found = [
        Finding(
            f"{key} in {currency}", f"1200 holds {format_pico(int(balance))}, on no document {format_pico(int(left))}"
        )
        for key, currency, balance, left in faults(_UNEQUAL)
    ]
    return outcome(Account.objects.filter(code=Code.UNBILLED_RECEIVABLE).count(), "accounts", found)


def _carried() -> Outcome:
    unclaimed = Charge.objects.filter(claim__isnull=True)
    counted = unclaimed.count() if holds(Charge) else 0
    if not counted:
        return outcome(0, "charges on no document")
    # A reversal is claimed with the void that makes it.
    outlived = unclaimed.filter(Exists(_later_cut_offs()) | Q(reverses__isnull=False)).order_by("id")
    found = [
        Finding(f"charge {row.id}", f"due from {row.due_from:%Y-%m-%d}, and a later document left it out")
        for row in outlived[:NAMED]
    ]
    return outcome(counted, "charges on no document", found)


def _later_cut_offs() -> QuerySet[CutOff]:
    """The cut-offs by which a charge was due, and which knew all that it is made of: it was there to be shown.

    A tree's knowledge only grows, and at the same knowledge nothing is booked a second time.
    """
    knowing = RunItem.objects.filter(
        tree=OuterRef(OuterRef("payer__tree")),
        cut_off_at=OuterRef("at"),
        documents=True,
        state=RunItem.State.APPLIED,
        fact__gte=OuterRef(OuterRef("fact")),
        run__watermark__gte=OuterRef(OuterRef("watermark")),
    )
    issued = Q(Exists(knowing.filter(run=OuterRef("invoice__run"))), outcome=CutOff.Outcome.ISSUED)
    # Ids are in time order: the run had begun when this was found.
    nothing = Q(Exists(knowing.filter(run__lt=OuterRef("pk"))), outcome=CutOff.Outcome.NOTHING)
    return CutOff.objects.filter(
        issued | nothing, payer=OuterRef("payer"), currency=OuterRef("currency"), at__gte=OuterRef("due_from")
    )


CHECKS = (
    Check("billing.periods", 5, "Each charge key is of a billed period.", _periods),
    Check(
        "billing.claims", 5, "Documents show what their payer owes by their cut-off, and a void takes it back.", _claims
    ),
    Check("billing.unbilled", 5, "Account 1200 is the sum of the charges on no document.", _unbilled),
    Check("billing.carried", 5, "No charge outlives the next document, unless it is carried forward.", _carried),
)
