"""Money that came in, in the console."""

from __future__ import annotations

from django.contrib import admin

from core.console.records import RecordAdmin
from core.console.shown import instant, money_of
from payments.models import Payment


@admin.register(Payment)
class PaymentAdmin(RecordAdmin):
    about = "Each amount that was received for a document. What was more than it needed is unapplied cash."
    empty_hint = "Record a bank transfer: bin/manage pay NUMBER --tenant … --amount … --on … --reference …"
    audited = True
    list_display = ("received_on", "reference", "invoice", "payer", "method", "amount_", "applied_")
    list_display_links = ("received_on", "reference")
    list_filter = ("method", "currency", ("received_on", admin.DateFieldListFilter))
    list_select_related = ("invoice", "payer")
    date_hierarchy = "received_on"
    search_fields = ("reference__istartswith", "invoice__number__exact", "payer__key__istartswith")
    search_help_text = "How the reference or the payer's key begins, or an invoice's number."
    ordering = ("-received_on", "-id")
    id_fields = ("pk", "invoice_id", "payer_id")
    fields = ("invoice", "payer", "method", "reference", "amount_", "applied_", "received_on", "recorded", "id")

    @admin.display(description="Amount", ordering="amount")
    def amount_(self, payment: Payment) -> str:
        return money_of(payment.amount.amount, payment.currency)

    @admin.display(description="Applied", ordering="applied")
    def applied_(self, payment: Payment) -> str:
        return money_of(payment.applied.amount, payment.currency)

    @admin.display(description="Recorded", ordering="recorded_at")
    def recorded(self, payment: Payment) -> str:
        return instant(payment.recorded_at)
