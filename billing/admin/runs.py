"""Billing runs, and how far everybody is billed, in the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from billing.admin.hints import BILL_FIRST
from billing.models import CutOff, Run, RunItem, TreeState
from billing.operators import words
from core.console.records import RecordAdmin, labelled
from core.console.shown import day, instant, link, number


@admin.register(Run)
class RunAdmin(RecordAdmin):
    about = "Each pass over the customers that were due: planned, applied in chunks, and closed."
    empty_hint = BILL_FIRST
    audited = True
    list_display = ("started", "through", "shown_state", "items_", "booked_", "watermark", "actor")
    list_filter = ("state",)
    date_hierarchy = "started_at"
    ordering = ("-id",)
    fields = (
        *("through", "shown_state", "booked_", "expected_", "watermark", "actor"),
        *("started", "finished", "plan_digest", "id"),
    )

    @admin.display(description="Started", ordering="id")
    def started(self, run: Run) -> str:
        return instant(run.started_at)

    @admin.display(description="Finished")
    def finished(self, run: Run) -> str:
        return instant(run.finished_at)

    @labelled("State", words.TONES, ordering="state")
    def shown_state(self, run: Run) -> tuple[str, str]:
        return str(run.state), str(run.get_state_display())

    @admin.display(description="Items")
    def items_(self, run: Run) -> str:
        return number(f"{run.items.count():,}")

    @admin.display(description="Booked")
    def booked_(self, run: Run) -> str:
        return words.sums(run.booked)

    @admin.display(description="Expected")
    def expected_(self, run: Run) -> str:
        return words.sums(run.expected)


@admin.register(RunItem)
class RunItemAdmin(RecordAdmin):
    about = "One customer tree up to one cut-off. A parked one waits, with its reason, while the run goes on."
    empty_hint = BILL_FIRST
    list_display = ("root", "shown_state", "cut_off", "expected_", "code", "reason", "run")
    list_filter = ("state", "documents", "replanned", "code")
    list_select_related = ("run",)
    date_hierarchy = "cut_off_at"
    ordering = ("-id",)
    id_fields = ("pk", "run_id", "tree_id")
    search_fields = ("code__exact",)
    search_help_text = "The code of a reason, or the id of a run or tree."
    fields = (
        *("run", "root", "shown_state", "cut_off", "documents", "expected_", "code", "reason"),
        *("fact", "replanned", "id"),
    )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)
        roots = words.roots(row.tree_id for row in listed.result_list)
        for row in listed.result_list:
            row.root_customer = roots.get(row.tree_id)
        return listed

    @admin.display(description="Customer")
    def root(self, item: Any) -> str:
        customer = getattr(item, "root_customer", None) or words.roots([item.tree_id]).get(item.tree_id)
        return link(customer) if customer else str(item.tree_id)

    @labelled("State", words.TONES, ordering="state")
    def shown_state(self, item: RunItem) -> str:
        return str(item.state)

    @admin.display(description="Cut-off", ordering="cut_off_at")
    def cut_off(self, item: RunItem) -> str:
        return instant(item.cut_off_at)

    @admin.display(description="Expected")
    def expected_(self, item: RunItem) -> str:
        return words.sums(item.expected)


@admin.register(CutOff)
class CutOffAdmin(RecordAdmin):
    about = "What became of each payer's documents at each boundary."
    empty_hint = BILL_FIRST
    list_display = ("at_", "payer", "currency", "shown_outcome", "invoice")
    list_filter = ("outcome", "currency")
    list_select_related = ("payer", "invoice")
    date_hierarchy = "at"
    search_fields = ("payer__key__istartswith", "invoice__number__exact")
    search_help_text = "How the payer's key begins, or an invoice's number."
    ordering = ("-at", "payer__key")
    id_fields = ("pk", "payer_id", "invoice_id")
    fields = ("at_", "payer", "currency", "shown_outcome", "invoice", "id")

    @admin.display(description="Cut-off", ordering="at")
    def at_(self, cut_off: CutOff) -> str:
        return day(cut_off.at, cut_off.payer.time_zone)

    @labelled("Outcome", words.TONES, ordering="outcome")
    def shown_outcome(self, cut_off: CutOff) -> tuple[str, str]:
        return cut_off.outcome, cut_off.get_outcome_display()


@admin.register(TreeState)
class TreeStateAdmin(RecordAdmin):
    about = "How far each customer tree is billed."
    empty_hint = BILL_FIRST
    list_display = ("tree_id", "through_", "fact", "watermark")
    ordering = ("-through",)
    id_fields = ("pk", "tree_id")
    fields = ("tree", "through_", "fact", "watermark")

    @admin.display(description="Billed through", ordering="through")
    def through_(self, found: TreeState) -> str:
        return instant(found.through)
