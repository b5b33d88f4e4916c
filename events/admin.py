"""The outbox and its dead letters: all to be looked at, dead letters to be sent again."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.contrib.filters.admin import DropdownFilter, MultipleChoicesDropdownFilter

from accounts.actors import Actor
from accounts.admin_base.display import Tone, badge, linked, moment
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.rows import ReadOnlyRows
from accounts.admin_base.scoped import holds_scope
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from events.handlers import all_destinations
from events.models import DeliveryState, Event, EventDelivery
from events.services.redriving import redrive, redrive_destination
from events.types import EVENT_TYPES

READ, WRITE = "events:read", "events:write"
TONES = {DeliveryState.PENDING: Tone.WAITING, DeliveryState.DELIVERED: Tone.GOOD, DeliveryState.DEAD: Tone.BAD}


def state_badge(delivery: EventDelivery) -> SafeString:
    state = DeliveryState(delivery.state)
    return badge(state.label, tone=TONES[state])


class TypeFilter(DropdownFilter):
    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(event_type, event_type) for event_type in sorted(EVENT_TYPES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class DestinationFilter(DropdownFilter):
    title = "destination"
    parameter_name = "destination"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(destination, destination) for destination in all_destinations()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[EventDelivery]) -> QuerySet[EventDelivery]:
        return queryset.filter(destination=self.value()) if self.value() else queryset


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
    def subject(self, event: Event) -> str:
        return f"{event.subject_type} {event.subject_id} v{event.subject_version}"

    @admin.display(description="Occurred (UTC)")
    def occurred(self, event: Event) -> SafeString | str:
        return moment(event.occurred_at)


class Redrive(Move):
    name = "redrive"
    label = "Send again"
    icon = "replay"
    scope = WRITE
    tone = "primary"
    explanation = "Starts all its attempts anew."

    def is_offered(self, target: EventDelivery, *, actor: Actor) -> bool:
        return target.state == DeliveryState.DEAD

    def perform(self, target: EventDelivery, *, actor: Actor, form: MoveForm) -> str:
        return told(redrive([target.pk]))


def told(redriven: int) -> str:
    if redriven == 0:
        return "None of them is a dead letter any more; nothing was sent again."
    return "1 dead letter is sent again." if redriven == 1 else f"{redriven} dead letters are sent again."


@admin.register(EventDelivery)
class EventDeliveryAdmin(MovingAdmin, ExactSearchAdmin):
    read_scope = READ
    moves = (Redrive(),)
    list_display = ("event_type", "destination", "shown_state", "attempts", "next_attempt", "error", "created")
    list_filter = (("state", MultipleChoicesDropdownFilter), DestinationFilter, ("created_at", DaysFilter))
    list_select_related = ("event",)
    list_before_template = "admin/events/eventdelivery/dead_letters.html"
    ordering = ("-pk",)
    sortable_by = ()
    search_help_text = "Id of the event or of its subject"
    actions = ("redrive_selected",)
    fields = (
        "event_link", "destination", "shown_state", "attempts", "next_attempt_at", "leased_until", "delivered_at",
        "last_error", "created_at",
    )  # fmt: skip
    readonly_fields = ("event_link", "shown_state")

    def found_by(self, term: str) -> Q:
        key = as_uuid(term)
        return Q(subject_id=key) | Q(event__event_id=key) if key else Q(pk__in=[])

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.redrive_all_view)
        return [path("redrive-all/", view, name="events_eventdelivery_redrive_all"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        dead = EventDelivery.objects.filter(state=DeliveryState.DEAD).values("destination")
        graves = dead.annotate(number=Count("pk")).order_by("destination")
        context = {**(extra_context or {}), "graves": graves, "may_redrive": self.has_redrive_permission(request)}
        return super().changelist_view(request, context)

    def has_redrive_permission(self, request: HttpRequest) -> bool:
        return holds_scope(request, WRITE)

    @admin.action(description="Send the selected dead letters again", permissions=["redrive"])
    def redrive_selected(self, request: HttpRequest, queryset: QuerySet[EventDelivery]) -> None:
        self._tell(request, redrive(queryset.values_list("pk", flat=True)))

    def redrive_all_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_redrive_permission(request):
            raise PermissionDenied
        self._tell(request, redrive_destination(request.POST.get("destination", "")))
        return HttpResponseRedirect(reverse("admin:events_eventdelivery_changelist"))

    def _tell(self, request: HttpRequest, redriven: int) -> None:
        self.message_user(request, told(redriven), messages.SUCCESS if redriven else messages.WARNING)

    @admin.display(description="Event")
    def event_type(self, delivery: EventDelivery) -> str:
        return delivery.event.type

    @admin.display(description="Event")
    def event_link(self, delivery: EventDelivery) -> SafeString | str:
        return linked(delivery.event)

    @admin.display(description="State")
    def shown_state(self, delivery: EventDelivery) -> SafeString:
        return state_badge(delivery)

    @admin.display(description="Next attempt (UTC)")
    def next_attempt(self, delivery: EventDelivery) -> SafeString | str:
        return moment(delivery.next_attempt_at if delivery.state == DeliveryState.PENDING else None)

    @admin.display(description="Created (UTC)")
    def created(self, delivery: EventDelivery) -> SafeString | str:
        return moment(delivery.created_at)

    @admin.display(description="Last error")
    def error(self, delivery: EventDelivery) -> str:
        return Truncator(delivery.last_error).chars(80)
