"""Issued documents in the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from billing.admin.hints import BILL_FIRST
from billing.models import Invoice, InvoiceLine, Rendition, Series
from billing.operators import panels, words
from core.console.records import RecordAdmin, labelled
from core.console.shown import money, money_of


@admin.register(Invoice)
class InvoiceAdmin(RecordAdmin):
    about = "Issued documents. The amounts are copies for this list; what is owed stands in the ledger."
    empty_hint = BILL_FIRST
    audited = True
    change_form_template = "console/invoice.html"
    list_display = ("number", "shown_state", "payer", "period", "issued_on", "due_on", "gross_", "due")
    list_filter = ("state", "currency", ("issued_on", admin.DateFieldListFilter), ("due_on", admin.DateFieldListFilter))
    list_select_related = ("payer",)
    date_hierarchy = "issued_on"
    search_fields = ("number__exact", "number__iendswith", "payer__key__istartswith")
    search_help_text = "A number or its last digits, or how the customer's key begins."
    ordering = ("-sequence",)
    id_fields = ("pk", "payer_id", "run_id")
    fieldsets = (
        (None, {"fields": ("payer", "seller", "period", "issued_on", "due_on", "cut_off_at")}),
        ("More", {"classes": ["collapse"], "fields": ("issued_at", "run", "party", "digest", "id")}),
        ("Taken back", {"fields": ("voided_as", "void_reason")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        voided = isinstance(obj, Invoice) and obj.state == Invoice.State.VOID
        return self.fieldsets if voided else self.fieldsets[:2]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **named: Any) -> Any:
        context["facts"] = panels.facts(named["obj"])
        return super().render_change_form(request, context, **named)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list with what the ledger says is left to pay, asked once for the page."""
        listed = super().get_changelist_instance(request)
        left = words.left_to_pay(listed.result_list)
        for row in listed.result_list:
            row.left = left[row.id]
        return listed

    @labelled("State", words.TONES, ordering="state")
    def shown_state(self, invoice: Invoice) -> str:
        return str(invoice.state)

    @admin.display(description="Period", ordering="period_start")
    def period(self, invoice: Invoice) -> str:
        return words.days(invoice.period_start, invoice.period_end)

    @admin.display(description="Gross", ordering="gross")
    def gross_(self, invoice: Invoice) -> str:
        return money_of(invoice.gross.amount, invoice.currency)

    @admin.display(description="Left to pay")
    def due(self, invoice: Any) -> str:
        return money(invoice.left, invoice.currency)


@admin.register(InvoiceLine)
class InvoiceLineAdmin(RecordAdmin):
    about = "One charge key on one document."
    empty_hint = BILL_FIRST
    list_display = ("invoice", "position", "description", "amount_", "explain")
    list_display_links = ("position", "description")
    list_select_related = ("invoice",)
    search_fields = ("invoice__number__exact",)
    search_help_text = "An invoice's number, or the id of a charge key."
    ordering = ("-invoice__sequence", "position")
    id_fields = ("pk", "key_id", "invoice_id")
    fields = ("invoice", "position", "description", "key", "amount_", "exact_", "explain", "id")

    @admin.display(description="Amount", ordering="amount")
    def amount_(self, line: InvoiceLine) -> str:
        return money_of(line.amount.amount, line.currency)

    @admin.display(description="Exactly")
    def exact_(self, line: InvoiceLine) -> str:
        return money_of(line.exact, line.currency)

    @admin.display(description="Why")
    def explain(self, line: InvoiceLine) -> str:
        return words.explain_link(line)


@admin.register(Rendition)
class RenditionAdmin(RecordAdmin):
    about = "Documents as they were first rendered, byte for byte."
    empty_hint = "A PDF is kept when an issued invoice is relayed: bin/serve does that."
    list_display = ("invoice", "media_type", "renderer", "digest")
    list_filter = ("media_type", "renderer")
    list_select_related = ("invoice",)
    search_fields = ("invoice__number__exact", "digest__startswith")
    search_help_text = "An invoice's number, or how the digest begins."
    ordering = ("-id",)
    id_fields = ("pk", "invoice_id")
    fields = ("invoice", "media_type", "renderer", "digest", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rendition]:
        rows: QuerySet[Rendition] = super().get_queryset(request)
        return rows.defer("content")


@admin.register(Series)
class SeriesAdmin(RecordAdmin):
    about = "The last number taken in each seller's series. Numbers are dense."
    empty_hint = BILL_FIRST
    list_display = ("seller", "kind", "last")
    list_select_related = ("seller",)
    fields = ("seller", "kind", "last", "id")
    ordering = ("seller__key", "kind")
