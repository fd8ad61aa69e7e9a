"""What is owed, and the evidence for it, in the console."""

from __future__ import annotations

from django.contrib import admin

from billing.admin.hints import BILL_FIRST
from billing.models import Charge, ChargeKeyRow, Claim
from billing.operators import words
from core.console.records import RecordAdmin, labelled
from core.console.shown import day, instant, link, money, quantity


@admin.register(ChargeKeyRow)
class ChargeKeyAdmin(RecordAdmin):
    about = "Everything that can be owed has a key; each difference booked under it is a charge."
    empty_hint = BILL_FIRST
    list_display = ("price", "subscription", "kind", "period", "segment", "dimensions_", "payer")
    list_filter = ("kind", "currency")
    list_select_related = ("price", "subscription__customer", "payer")
    date_hierarchy = "period_start"
    search_fields = ("subscription__key__istartswith", "payer__key__istartswith", "price__key__exact")
    search_help_text = "How the key of the subscription or payer begins, a price's key, or an id."
    ordering = ("-period_start", "subscription__key", "price__position")
    id_fields = ("pk", "subscription_id", "price_id", "payer_id")
    fields = ("price", "subscription", "kind", "period", "segment", "dimensions_", "payer", "currency", "acts_on", "id")

    @admin.display(description="Period from", ordering="period_start")
    def period(self, key: ChargeKeyRow) -> str:
        return day(key.period_start, key.subscription.customer.time_zone)

    @admin.display(description="Segment from", ordering="segment_start")
    def segment(self, key: ChargeKeyRow) -> str:
        return day(key.segment_start, key.subscription.customer.time_zone)

    @admin.display(description="Dimensions")
    def dimensions_(self, key: ChargeKeyRow) -> str:
        return words.dimensions(key)


@admin.register(Charge)
class ChargeAdmin(RecordAdmin):
    about = "The evidence beside each charge transfer in the ledger, whose id it shares."
    empty_hint = BILL_FIRST
    list_display = ("booked", "key_", "subscription", "n", "amount_", "quantity_", "event_count", "late_", "watermark")
    list_filter = ("late", "currency", ("reverses", admin.EmptyFieldListFilter))
    list_select_related = ("key__price", "key__subscription", "payer")
    date_hierarchy = "booked_at"
    search_fields = ("key__subscription__key__istartswith", "payer__key__istartswith")
    search_help_text = "How the key of the subscription or payer begins, or an id."
    ordering = ("-booked_at", "-id")
    id_fields = ("pk", "key_id", "run_id", "payer_id")
    fields = (
        *("key", "n", "amount_", "payer", "due_from", "service_start", "service_end", "quantity_", "event_count"),
        *("late_count", "late", "rated", "spans", "watermark", "fact", "engine", "run", "reverses", "booked", "id"),
    )

    @labelled("Late", {"late": "warning"}, ordering="late")
    def late_(self, charge: Charge) -> str | None:
        return "late" if charge.late else None

    @admin.display(description="Booked", ordering="booked_at")
    def booked(self, charge: Charge) -> str:
        return instant(charge.booked_at)

    @admin.display(description="Price")
    def key_(self, charge: Charge) -> str:
        return str(charge.key.price)

    @admin.display(description="Subscription")
    def subscription(self, charge: Charge) -> str:
        return link(charge.key.subscription)

    @admin.display(description="Amount", ordering="amount")
    def amount_(self, charge: Charge) -> str:
        return money(charge.amount, charge.currency)

    @admin.display(description="Quantity after", ordering="quantity")
    def quantity_(self, charge: Charge) -> str:
        return quantity(charge.quantity)


@admin.register(Claim)
class ClaimAdmin(RecordAdmin):
    about = "Which document shows a charge: at most one."
    empty_hint = BILL_FIRST
    list_display = ("charge_id", "invoice")
    list_select_related = ("invoice",)
    search_fields = ("invoice__number__exact",)
    search_help_text = "An invoice's number, or a charge's id."
    ordering = ("-id",)
    id_fields = ("pk", "charge_id", "invoice_id")
    fields = ("charge", "invoice", "id")
