from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter

from accounts.admin_base.display import moment
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.rows import ReadOnlyRows
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from events.admin.looks import state_badge, subject_link
from events.models import Event, EventDelivery
from events.types import EVENT_TYPES

READ = "events:read"


class TypeFilter(DropdownFilter):
    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(event_type, event_type) for event_type in sorted(EVENT_TYPES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class DeliveriesOfEvent(ReadOnlyRows):
    model = EventDelivery
    read_scope = READ
    columns = ("destination", "shown_state", "attempts", "delivered_at", "last_error")
    show_change_link = True

    @admin.display(description="State")
    def shown_state(self, delivery: EventDelivery) -> SafeString:
        return state_badge(delivery)


@admin.register(Event)
class EventAdmin(ExactSearchAdmin):
    read_scope = READ
    list_display = ("sequence", "type", "subject", "occurred", "correlation_id")
    list_display_links = ("sequence", "type")
    list_filter = (TypeFilter, ("occurred_at", DaysFilter))
    ordering = ("-position",)
    sortable_by = ()
    search_help_text = "Id of an event, of its subject or of its store, or a correlation or request id"
    fields = (
        ("sequence", "position"), "event_id", "type", "subject", "store_id", "occurred_at",
        ("correlation_id", "request_id"), "data",
    )  # fmt: skip
    readonly_fields = ("subject",)
    inlines = (DeliveriesOfEvent,)

    def found_by(self, term: str) -> Q:
        key = as_uuid(term)
        if key is None:
            return Q(correlation_id=term) | Q(request_id=term)
        by_key = Q(event_id=key) | Q(subject_id=key) | Q(store_id=key)
        return by_key | Q(correlation_id=term) | Q(request_id=term)

    @admin.display(description="Subject")
    def subject(self, event: Event) -> SafeString | str:
        return subject_link(event)

    @admin.display(description="Occurred (UTC)")
    def occurred(self, event: Event) -> SafeString | str:
        return moment(event.occurred_at)
