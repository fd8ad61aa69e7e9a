"""What is offered and what was agreed, in the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from contracts import operators
from contracts.models import AmendmentRow, BilledPeriod, Plan, PlanVersion, Price, Product, Subscription
from core.console.records import RecordAdmin
from core.console.shown import day, instant, link

_DECLARED = "Declare it in the book file: bin/manage apply FILE.yaml"


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    about = "What is sold. Tags group prices."
    empty_hint = _DECLARED
    audited = True
    list_display = ("key", "name", "tags_")
    search_fields = ("key__istartswith", "name__icontains")
    search_help_text = "How the key begins, or a part of the name."
    ordering = ("key",)
    fields = ("key", "name", "tags_", "metadata", "id")

    @admin.display(description="Tags")
    def tags_(self, product: Product) -> str:
        return ", ".join(product.tags)


@admin.register(Plan)
class PlanAdmin(RecordAdmin):
    about = "Prices offered together, billed in one rhythm. What was published is a version, and never changes."
    empty_hint = _DECLARED
    audited = True
    list_display = ("key", "name", "currency", "rhythm", "versions_")
    list_filter = ("currency", "interval")
    search_fields = ("key__istartswith", "name__icontains")
    search_help_text = "How the key begins, or a part of the name."
    ordering = ("key",)
    fields = ("key", "name", "currency", "rhythm", "metadata", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        rows: QuerySet[Plan] = super().get_queryset(request)
        return rows.annotate(version_count=Count("versions"))

    @admin.display(description="Billed")
    def rhythm(self, plan: Plan) -> str:
        return operators.rhythm(plan.interval, plan.every)

    @admin.display(description="Versions", ordering="version_count")
    def versions_(self, plan: Any) -> int:
        return int(plan.version_count)


@admin.register(PlanVersion)
class PlanVersionAdmin(RecordAdmin):
    about = "The prices of a plan as they were published."
    empty_hint = _DECLARED
    list_display = ("__str__", "plan_key", "currency", "published", "digest")
    list_filter = ("plan__currency",)
    list_select_related = ("plan",)
    search_fields = ("plan__key__istartswith", "digest__startswith")
    search_help_text = "How the plan's key or the digest begins."
    ordering = ("plan__key", "-number")
    id_fields = ("pk", "plan_id")
    fields = ("plan", "number", "published", "digest", "id")

    @admin.display(description="Plan", ordering="plan__key")
    def plan_key(self, version: PlanVersion) -> str:
        return link(version.plan, version.plan.key)

    @admin.display(description="Currency", ordering="plan__currency")
    def currency(self, version: PlanVersion) -> str:
        return version.plan.currency

    @admin.display(description="Published", ordering="published_at")
    def published(self, version: PlanVersion) -> str:
        return instant(version.published_at)


@admin.register(Price)
class PriceAdmin(RecordAdmin):
    about = "Each thing that a published plan charges for."
    empty_hint = _DECLARED
    list_display = ("shown", "of", "product", "model", "in_words", "what", "timing")
    list_filter = ("model", "timing", "proration")
    list_select_related = ("version__plan", "product", "meter")
    search_fields = ("key__istartswith", "version__plan__key__istartswith", "product__key__istartswith")
    search_help_text = "How the key of the price, plan or product begins."
    ordering = ("version__plan__key", "-version__number", "position")
    id_fields = ("pk", "version_id", "product_id", "meter_id")
    fields = (
        "key",
        "name",
        "version",
        "product",
        "model",
        "in_words",
        "terms",
        "what",
        "unit",
        "timing",
        "proration",
        "id",
    )

    @admin.display(description="Price", ordering="key")
    def shown(self, price: Price) -> str:
        return str(price)

    @admin.display(description="Version", ordering="version__plan__key")
    def of(self, price: Price) -> str:
        return link(price.version, f"{price.version.plan.key} v{price.version.number}")

    @admin.display(description="Multiplies")
    def what(self, price: Price) -> str:
        return operators.multiplied(price)

    @admin.display(description="In words")
    def in_words(self, price: Price) -> str:
        return operators.terms_in_words(price)


@admin.register(Subscription)
class SubscriptionAdmin(RecordAdmin):
    about = "A plan for a customer. What holds on a day is the sum of its amendments."
    empty_hint = _DECLARED
    audited = True
    list_display = ("key", "customer", "currency", "rhythm", "start_on", "anchor_on")
    list_filter = ("currency", "interval")
    list_select_related = ("customer",)
    date_hierarchy = "start_on"
    search_fields = ("key__istartswith", "customer__key__istartswith")
    search_help_text = "How the key of the subscription or of the customer begins."
    ordering = ("key",)
    id_fields = ("pk", "customer_id")
    fields = ("key", "customer", "currency", "rhythm", "start_on", "anchor_on", "metadata", "created_at", "id")

    @admin.display(description="Billed")
    def rhythm(self, subscription: Subscription) -> str:
        return operators.rhythm(subscription.interval, subscription.every)


@admin.register(AmendmentRow)
class AmendmentAdmin(RecordAdmin):
    about = "The papers that change subscriptions: dated, hash-chained, with an author and a reason."
    empty_hint = "The first one signs a subscription. Write another by bin/manage amend SUBSCRIPTION …"
    list_display = ("__str__", "effective_on", "what", "reason", "actor", "recorded")
    list_select_related = ("subscription",)
    date_hierarchy = "effective_on"
    search_fields = ("subscription__key__istartswith", "key__exact")
    search_help_text = "How the subscription's key begins, or the amendment's key."
    ordering = ("-id",)
    id_fields = ("pk", "subscription_id")
    fields = (
        *("subscription", "number", "key", "effective_on", "what", "reason", "actor", "recorded"),
        *("fact", "previous_digest", "digest", "id"),
    )

    @admin.display(description="Sets")
    def what(self, paper: AmendmentRow) -> str:
        return operators.change_in_words(paper)

    @admin.display(description="Recorded", ordering="recorded_at")
    def recorded(self, paper: AmendmentRow) -> str:
        return instant(paper.recorded_at)


@admin.register(BilledPeriod)
class BilledPeriodAdmin(RecordAdmin):
    about = "Service periods as they were first billed; the rule that made them may change, they don't."
    empty_hint = "A period is stored with the first charge that is booked for it."
    list_display = ("subscription", "start", "end", "zone", "first_watermark")
    list_select_related = ("subscription",)
    date_hierarchy = "start_at"
    search_fields = ("subscription__key__istartswith",)
    search_help_text = "How the subscription's key begins."
    ordering = ("-start_at", "subscription__key")
    id_fields = ("pk", "subscription_id")
    fields = ("subscription", "start", "end", "cycle_start_at", "cycle_end_at", "zone", "first_watermark", "id")

    @admin.display(description="From", ordering="start_at")
    def start(self, period: BilledPeriod) -> str:
        return day(period.start_at, period.zone)

    @admin.display(description="To", ordering="end_at")
    def end(self, period: BilledPeriod) -> str:
        return day(period.end_at, period.zone)
