"""Parties in the console."""

from __future__ import annotations

from django.contrib import admin

from core.console.records import RecordAdmin
from core.console.shown import instant
from customers.models import BillTo, Claim, Customer, FrozenParty, Mark, Party, Seller, Subject, Tree


@admin.register(Customer)
class CustomerAdmin(RecordAdmin):
    about = "Who uses, who pays, or both. A parent may pay for its children."
    empty_hint = "Customers are declared in the book file: bin/manage apply FILE.yaml"
    audited = True
    list_display = ("key", "name", "kind", "currency", "time_zone", "parent", "terms")
    list_filter = ("kind", "currency", "consolidate", "time_zone")
    list_select_related = ("party", "parent")
    search_fields = ("key__istartswith", "party__name__icontains")
    search_help_text = "How the key begins, a part of the name, or the id."
    ordering = ("key",)
    fieldsets = (
        (None, {"fields": ("key", "name", "email", "kind", "parent", "currency", "time_zone", "locale", "terms")}),
        ("More", {"classes": ["collapse"], "fields": ("consolidate", "tree", "metadata", "created_at", "id")}),
    )

    @admin.display(description="Name", ordering="party__name")
    def name(self, customer: Customer) -> str:
        return customer.party.name

    @admin.display(description="E-mail")
    def email(self, customer: Customer) -> str:
        return customer.party.email or "–"

    @admin.display(description="Terms", ordering="terms_days")
    def terms(self, customer: Customer) -> str:
        return f"{customer.terms_days} days"


@admin.register(Party)
class PartyAdmin(RecordAdmin):
    about = "The personal side of customers. Documents keep the party as it stood when they were issued."
    empty_hint = "A party is declared with its customer, in the book file."
    list_display = ("name", "customer", "email", "tax_ids_")
    list_select_related = ("customer",)
    search_fields = ("name__icontains", "customer__key__istartswith", "email__istartswith")
    search_help_text = "A part of the name, or how the customer's key or the e-mail begins."
    ordering = ("name",)
    id_fields = ("pk", "customer_id")
    fields = ("name", "customer", "email", "address", "tax_ids", "id")

    @admin.display(description="Tax ids")
    def tax_ids_(self, party: Party) -> str:
        return ", ".join(party.tax_ids)


@admin.register(BillTo)
class BillToAdmin(RecordAdmin):
    about = "From an instant on one customer pays for another. A later row takes over."
    empty_hint = "Everybody pays for themselves. A bill_to in the book file names another payer of the same tree."
    list_display = ("customer", "payer", "since")
    list_select_related = ("customer", "payer")
    search_fields = ("customer__key__istartswith", "payer__key__istartswith")
    search_help_text = "How the key of the customer or of the payer begins."
    ordering = ("-from_at",)
    id_fields = ("pk", "customer_id", "payer_id")
    fields = ("customer", "payer", "since", "fact", "id")

    @admin.display(description="From", ordering="from_at")
    def since(self, row: BillTo) -> str:
        return instant(row.from_at)


@admin.register(Seller)
class SellerAdmin(RecordAdmin):
    about = "The legal entity that issues documents."
    empty_hint = "Documents need a seller: declare one in the book file."
    audited = True
    list_display = ("key", "name", "country", "vat_id", "series", "rounding")
    search_fields = ("key__istartswith", "name__icontains")
    search_help_text = "How the key begins, or a part of the name."
    ordering = ("key",)
    fields = (
        *("key", "name", "country", "vat_id", "email", "address", "bank"),
        *("rounding", "series", "metadata", "id"),
    )


@admin.register(FrozenParty)
class FrozenPartyAdmin(RecordAdmin):
    about = "Buyers as they are printed on issued documents, never changed."
    empty_hint = "The first is kept when the first invoice is issued."
    list_display = ("digest", "customer")
    list_select_related = ("customer",)
    search_fields = ("customer__key__istartswith", "digest__startswith")
    search_help_text = "How the customer's key or the digest begins."
    ordering = ("-id",)
    id_fields = ("pk", "customer_id")
    fields = ("customer", "body", "digest", "id")


@admin.register(Subject)
class SubjectAdmin(RecordAdmin):
    about = "The subjects of usage events that customers have claimed."
    empty_hint = "Name subjects at a customer in the book file."
    list_display = ("name",)
    search_fields = ("name__exact",)
    search_help_text = "The subject, whole."
    ordering = ("name",)
    fields = ("name", "id")


@admin.register(Claim)
class ClaimAdmin(RecordAdmin):
    about = "Whom the subject of a usage event means, and from when until when."
    empty_hint = "Name subjects at a customer in the book file; until then usage waits under Unknown subjects."
    list_display = ("subject", "customer", "since", "until")
    list_select_related = ("subject", "customer")
    search_fields = ("subject__name__exact", "customer__key__istartswith")
    search_help_text = "The subject, whole, or how the customer's key begins."
    ordering = ("subject__name", "from_at")
    id_fields = ("pk", "customer_id", "subject_id", "subscription_id")
    fields = ("subject", "customer", "subscription_id", "since", "until", "fact", "released_fact", "id")

    @admin.display(description="From", ordering="from_at")
    def since(self, claim: Claim) -> str:
        return "always" if claim.from_at.year < 1970 else instant(claim.from_at)

    @admin.display(description="Until", ordering="to_at")
    def until(self, claim: Claim) -> str:
        return instant(claim.to_at)


@admin.register(Tree)
class TreeAdmin(RecordAdmin):
    about = "A root customer with everyone below: what is billed under one lock. Its id is the root's."
    empty_hint = "Each customer without a parent begins a tree."
    list_display = ("id", "last_fact")
    fields = ("id", "last_fact")
    ordering = ("id",)


@admin.register(Mark)
class MarkAdmin(RecordAdmin):
    about = "Facts that may change what is owed, numbered within their tree."
    empty_hint = "Marks are made as customers and subscriptions change."
    list_display = ("time", "cause", "number", "earliest", "tree_id")
    list_filter = ("cause",)
    ordering = ("-id",)
    id_fields = ("pk", "tree_id")
    fields = ("cause", "number", "earliest", "time", "tree", "id")
    search_fields = ("cause__startswith",)
    search_help_text = "How the cause begins, or a tree's id."

    @admin.display(description="Time", ordering="id")
    def time(self, mark: Mark) -> str:
        return instant(mark.at)

    @admin.display(description="Touches nothing before", ordering="earliest_at")
    def earliest(self, mark: Mark) -> str:
        return instant(mark.earliest_at) if mark.earliest_at.year >= 1970 else "the beginning"
