"""Tenant, members and keys in the console, and what was done and told."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest

from core.access import permissions, services
from core.console.records import RecordAdmin, labelled, operator
from core.console.shown import instant
from core.models import ApiKey, AuditRecord, Delivery, Membership, Message, Seal, SealPart, Tenant

_STATES = {"pending": "warning", "delivered": "success", "failed": "danger", "live": "success", "revoked": "danger"}


@admin.register(Tenant)
class TenantAdmin(RecordAdmin):
    about = "The books that you work in. Another tenant's are chosen at the top of the menu."
    audited = True
    list_display = ("key", "name", "kind", "clock")
    fields = ("key", "name", "kind", "clock", "time_zone", "created_at", "metadata", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        membership = permissions.membership_of(request)
        rows: QuerySet[Tenant] = super().get_queryset(request)
        return rows.filter(pk=membership.tenant_id) if membership else rows.none()

    @admin.display(description="Clock")
    def clock(self, tenant: Tenant) -> str:
        return instant(tenant.clock_at) if tenant.clock_at else "the real time"


@admin.register(Membership)
class MembershipAdmin(RecordAdmin):
    about = "Who may work in this tenant, and as what."
    empty_hint = "Let somebody in by bin/manage operator create --email … --role …"
    audited = True
    list_display = ("user", "role")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__username",)
    search_help_text = "An e-mail address."
    fields = ("user", "role", "id")
    ordering = ("user__username",)


@admin.register(ApiKey)
class ApiKeyAdmin(RecordAdmin):
    about = "Keys of the REST API. A key is shown once, when it is made; here is only how it begins."
    empty_hint = "Make the first by bin/manage api_key create --tenant … --scope events:write usage:read invoices:read"
    audited = True
    list_display = ("prefix", "scopes_", "state", "created_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("prefix__startswith",)
    search_help_text = "How the key begins."
    fields = ("prefix", "scopes_", "state", "created_at", "revoked_at", "id")
    ordering = ("-id",)
    actions = ("revoke",)

    @admin.display(description="Scopes")
    def scopes_(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @labelled("State", _STATES)
    def state(self, key: ApiKey) -> str:
        return "revoked" if key.revoked_at else "live"

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return permissions.may(request, "api_key.revoke")

    @admin.action(description="Revoke the chosen keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys:
            services.revoke_api_key(key=key, actor=operator(request))
        self.message_user(request, f"{len(keys)} revoked: requests with them are refused from now on", messages.SUCCESS)


class JournalAdmin(RecordAdmin):
    """Rows about a subject, the latest first."""

    search_fields = ("subject_id__exact", "event__startswith")
    search_help_text = "A record's id, or how an event's name begins."
    ordering = ("-id",)

    @admin.display(description="Time", ordering="id")
    def time(self, row: Any) -> str:
        return instant(row.at)


@admin.register(AuditRecord)
class AuditRecordAdmin(JournalAdmin):
    about = "Who did what to which record, and when: one row for each operation, never changed."
    empty_hint = "Each operation writes its row here: apply a book file, send usage, run a bill."
    list_display = ("time", "event", "actor", "subject_type", "subject_id", "reason")
    list_filter = ("event", "actor_kind")
    fields = (
        *("time", "event", "actor", "subject_type", "subject_id", "reason"),
        *("before", "after", "request_id", "id"),
    )

    @admin.display(description="By")
    def actor(self, row: AuditRecord) -> str:
        return f"{row.actor_kind} {row.actor_name}"


@admin.register(Message)
class MessageAdmin(JournalAdmin):
    about = "What happened, as it is told to listeners: saved with the change that it announces."
    empty_hint = "Messages are written by operations; there have been none yet."
    list_display = ("time", "event", "subject_type", "subject_id")
    list_filter = ("event",)
    fields = ("time", "event", "subject_type", "subject_id", "payload", "id")


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    about = "Each message handed to each listener. A failed delivery is tried again, twelve times in all."
    empty_hint = "A delivery appears when something happens that a listener waits for, such as an issued invoice."
    list_display = ("message", "listener", "shown_state", "attempts", "next_attempt_at", "last_error")
    list_filter = ("state", "listener")
    list_select_related = ("message",)
    search_fields = ("message__subject_id__exact",)
    search_help_text = "The id of the record that the message is about."
    fields = ("message", "listener", "shown_state", "attempts", "next_attempt_at", "last_error", "id")
    id_fields = ("pk", "message_id")
    ordering = ("-id",)

    @labelled("State", _STATES, ordering="state")
    def shown_state(self, delivery: Delivery) -> str:
        return delivery.state


@admin.register(Seal)
class SealAdmin(RecordAdmin):
    about = (
        "Each seal hashes all that was added since the one before it. Keep the digests where nobody can change them."
    )
    empty_hint = "Make the first by bin/manage seal --tenant …, and one every night."
    audited = True
    list_display = ("number", "made_at", "rows", "digest")
    search_fields = ("digest__startswith",)
    search_help_text = "How a seal's digest begins."
    fields = ("number", "made_at", "rows", "digest", "previous", "covered", "id")
    ordering = ("-number",)

    @admin.display(description="Rows by table")
    def covered(self, seal: Seal) -> str:
        tables = seal.parts.values_list("table").annotate(covered=Sum("rows")).order_by("table")
        return ", ".join(f"{table} {covered:,}" for table, covered in tables)


@admin.register(SealPart)
class SealPartAdmin(RecordAdmin):
    about = "What a seal covers of each table: the rows that arrived between two numbers."
    empty_hint = "Seals have parts; make the first by bin/manage seal --tenant …"
    list_display = ("seal", "table", "rows", "after", "through", "digest")
    list_filter = ("table",)
    list_select_related = ("seal",)
    search_fields = ("digest__startswith",)
    search_help_text = "How a part's digest begins, or the id of a seal."
    fields = ("seal", "position", "table", "rows", "after", "through", "digest", "columns", "id")
    id_fields = ("pk", "seal_id")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SealPart]:
        rows: QuerySet[SealPart] = super().get_queryset(request)
        return rows.defer("leaves")
