"""Usage in the console: everything can be read; what was not taken can be replayed or dismissed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core.access import permissions
from core.console.forms import asking_why
from core.console.records import RecordAdmin, labelled, operator
from core.console.shown import grouped, instant, number, verbatim
from core.errors import Refusal
from core.money import format_pico
from metering import services
from metering.models import Batch, Event, Finding, Import, Meter, Quarantined, Slot, Void, Watermark
from metering.receipts import Outcome

_OUTCOMES = tuple(outcome.value for outcome in Outcome)
_TONES = {"open": "danger", "replayed": "success", "dismissed": "info"}
_SEND = "Send events to POST /v1/events, or a file by bin/manage import_events."


@admin.register(Batch)
class BatchAdmin(RecordAdmin):
    about = "What was accepted when: one row for each request, or chunk of an import. Its id is the client's receipt."
    empty_hint = _SEND
    list_display = ("number", "kind", "received", "actor_name", "sent", *_OUTCOMES)
    list_filter = ("kind",)
    date_hierarchy = "received_at"
    search_fields = ("number__exact",)
    search_help_text = "A batch's number, or the id of its receipt."
    ordering = ("-number",)
    exclude = ("digest", "received_at")
    readonly_fields = ("received",)

    @admin.display(description="Received", ordering="received_at")
    def received(self, batch: Batch) -> str:
        return instant(batch.received_at)


@admin.register(Event)
class EventAdmin(RecordAdmin):
    about = "What happened, as it was sent, kept for ever."
    empty_hint = _SEND
    list_display = ("happened", "subject", "type", "event_id", "source", "number")
    search_fields = ("subject__exact", "event_id__exact")
    search_help_text = "A subject, or an event's id."
    ordering = ("-number",)
    fields = ("happened", "subject", "type", "event_id", "source", "sent", "numbers", "texts", "number", "key")

    @admin.display(description="Time", ordering="time")
    def happened(self, event: Event) -> str:
        return instant(event.time)

    @admin.display(description="What was sent")
    def sent(self, event: Event) -> str:
        return verbatim(event.body)

    @admin.display(description="Numbers that meters read")
    def numbers(self, event: Event) -> str:
        found = {f"n{i}": getattr(event, f"n{i}") for i in range(1, 9)}
        return ", ".join(f"{slot}: {grouped(format_pico(value))}" for slot, value in found.items() if value is not None)

    @admin.display(description="Texts that meters read")
    def texts(self, event: Event) -> str:
        found = {f"t{i}": getattr(event, f"t{i}") for i in range(1, 9)}
        return ", ".join(f"{slot}: {value}" for slot, value in found.items() if value is not None)


@admin.register(Void)
class VoidAdmin(RecordAdmin):
    about = "Events that were taken back: from that batch on they count nowhere."
    empty_hint = "Take one back by bin/manage void_event --tenant … --source … --id … --reason …"
    list_display = ("event_id", "source", "reason", "number")
    search_fields = ("event_id__exact",)
    search_help_text = "An event's id."
    ordering = ("-number",)


@admin.register(Meter)
class MeterAdmin(RecordAdmin):
    about = "How events become a quantity."
    empty_hint = "Declare meters in the book file: bin/manage apply FILE.yaml"
    audited = True
    list_display = ("key", "name", "event_type", "aggregation", "property", "unit", "published")
    list_filter = ("aggregation",)
    search_fields = ("key", "name", "event_type")
    search_help_text = "A part of the key, the name or the events' type."
    ordering = ("key",)
    exclude = ("published_at",)
    readonly_fields = ("published",)

    @admin.display(description="Published", ordering="published_at")
    def published(self, meter: Meter) -> str:
        return instant(meter.published_at)


@admin.register(Slot)
class SlotAdmin(RecordAdmin):
    about = "Which column of an event's row holds which property."
    empty_hint = "Columns are given out as meters are published."
    list_display = ("event_type", "property", "kind", "column")
    search_fields = ("event_type", "property")
    ordering = ("event_type", "column")


@admin.register(Finding)
class FindingAdmin(RecordAdmin):
    about = "Events that were there before a meter, and that the meter can't read: they count nothing."
    empty_hint = "There is none: every meter reads every event that came before it."
    list_display = ("meter", "event_number", "code", "field", "detail")
    list_filter = ("meter", "code")
    list_select_related = ("meter",)
    id_fields = ("pk", "meter_id")
    search_fields = ("event_number__exact",)
    search_help_text = "An event's number, or a meter's id."
    ordering = ("meter__key", "event_number")


@admin.register(Import)
class ImportAdmin(RecordAdmin):
    about = "Files that were imported, or are being imported: an unfinished one is taken up again by --resume."
    empty_hint = "Import a file by bin/manage import_events FILE --tenant …"
    audited = True
    list_display = ("file_name", "started", "finished", "rows", *_OUTCOMES)
    list_filter = (("finished_at", admin.EmptyFieldListFilter),)
    search_fields = ("file_name",)
    search_help_text = "A part of the file's name."
    ordering = ("-started_at", "-id")
    exclude = ("started_at", "finished_at", "rows_done")
    readonly_fields = ("started", "finished", "rows")

    @admin.display(description="Started", ordering="started_at")
    def started(self, row: Import) -> str:
        return instant(row.started_at)

    @admin.display(description="Finished", ordering="finished_at")
    def finished(self, row: Import) -> str:
        return instant(row.finished_at)

    @admin.display(description="Rows", ordering="rows_done")
    def rows(self, row: Import) -> str:
        return number(f"{row.rows_done:,}")


@admin.register(Watermark)
class WatermarkAdmin(RecordAdmin):
    about = "The greatest watermark that was taken: every event up to that batch is surely there."
    empty_hint = "The first is taken by the first bill."
    list_display = ("number", "taken")
    exclude = ("taken_at",)
    readonly_fields = ("taken",)

    @admin.display(description="Taken", ordering="taken_at")
    def taken(self, row: Watermark) -> str:
        return instant(row.taken_at)


@admin.register(Quarantined)
class QuarantinedAdmin(RecordAdmin):
    about = "What was sent and not taken. Choose events to send them again, or to dismiss them for good."
    empty_hint = "Nothing waits here: all that was sent could be read."
    audited = True
    list_display = ("shown", "shown_state", "batch", "position", "source", "code", "field", "detail")
    list_filter = ("state", "outcome", "code")
    list_select_related = ("batch",)
    search_fields = ("event_id__exact",)
    search_help_text = "An event's id."
    ordering = ("-state", "-batch__number", "position")
    fields = (
        *("shown", "shown_state", "outcome", "code", "field", "detail", "sent", "source", "batch", "position"),
        *("resolved", "resolution", "id"),
    )
    actions = ("replay", "dismiss")
    action_form = asking_why("Reason to dismiss")

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return permissions.may(request, "quarantine.resolve")

    @admin.display(description="Event", ordering="event_id")
    def shown(self, row: Quarantined) -> str:
        return row.event_id or f"no id, {row.outcome}"

    @labelled("State", _TONES, ordering="state")
    def shown_state(self, row: Quarantined) -> str:
        return row.state

    @admin.display(description="What was sent")
    def sent(self, row: Quarantined) -> str:
        return verbatim(bytes(row.body).decode("utf-8", "backslashreplace"))

    @admin.display(description="Resolved")
    def resolved(self, row: Quarantined) -> str:
        return instant(row.resolved_at)

    @admin.action(description="Send the chosen events again", permissions=["resolve"])
    def replay(self, request: HttpRequest, rows: QuerySet[Quarantined]) -> None:
        try:
            receipt = services.replay(ids=list(rows.values_list("pk", flat=True)), actor=operator(request))
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
            return
        told = f"{receipt.accepted} accepted, {receipt.duplicate} already there"
        failed = receipt.rejected + receipt.conflict
        self.message_user(request, f"{told}, {failed} failed again", messages.WARNING if failed else messages.SUCCESS)

    @admin.action(description="Dismiss the chosen events for good", permissions=["resolve"])
    def dismiss(self, request: HttpRequest, rows: QuerySet[Quarantined]) -> None:
        ids: Any = list(rows.values_list("pk", flat=True))
        try:
            count = services.dismiss(ids=ids, reason=request.POST.get("reason", ""), actor=operator(request))
        except Refusal as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return
        self.message_user(request, f"{count} dismissed", messages.SUCCESS)
