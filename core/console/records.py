"""The base of every page of records: all members may read, nobody may add, change or delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.decorators import display

from core.access import permissions
from core.actor import Actor
from core.console import panels
from core.console.shown import address_of_list


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody turns pages; filters and search reach the rest."""

    BOUND: ClassVar[int] = 100_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return int(rows.order_by()[: self.BOUND].count())

    def told(self) -> str:
        """The count in words."""
        return f"{self.count:,}" if self.count < self.BOUND else f"{self.BOUND:,} or more"


class RecordAdmin(ModelAdmin):  # type: ignore[misc]
    """Reads. What apps know about a record stands in panels below its fields."""

    change_form_template = "console/record.html"
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    #: What an empty list tells the operator to do.
    empty_hint = ""
    #: One sentence above the list: what these records are.
    about = ""
    #: The fields in which an id is looked for.
    id_fields: ClassVar[tuple[str, ...]] = ("pk",)
    #: Whether the audit trail speaks of such records.
    audited = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return permissions.may(request, "console.read")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return permissions.may(request, "console.read")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id finds its record at once."""
        try:
            sought = UUID(search_term.strip())
        except ValueError:
            found, several = super().get_search_results(request, queryset, search_term.replace("\x00", ""))
            return found, bool(several)
        return queryset.filter(Q.create([(field, sought) for field in self.id_fields], connector=Q.OR)), False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list; one that is neither searched nor filtered shows all there is, so that nobody need count twice."""
        listed = super().get_changelist_instance(request)
        if not listed.query and not listed.has_active_filters:
            listed.full_result_count = listed.result_count
        return listed

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **named: Any) -> HttpResponse:
        subject = named.get("obj")
        context["panels"] = panels.rendered(self.model._meta.label_lower, request, subject)
        context["show_history"] = self.audited
        page: HttpResponse = super().render_change_form(request, context, **named)
        return page

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit trail says of the record."""
        from core.models import AuditRecord

        return HttpResponseRedirect(address_of_list(AuditRecord, subject_id__exact=object_id))


Shown = TypeVar("Shown", bound=Callable[..., Any])


def labelled(description: str, tones: Mapping[str, str], *, ordering: str | None = None) -> Callable[[Shown], Shown]:
    """Shows what the method gives in a colored frame: a value, or the pair of a value and its words."""
    decorate: Callable[[Shown], Shown] = display(description=description, label=dict(tones), ordering=ordering)
    return decorate


def operator(request: HttpRequest) -> Actor:
    """The signed-in operator as whoever does something."""
    name: Any = request.user.get_username()
    return Actor(kind="operator", name=name)
