"""What was brought to whom, and how: dead letters are sent again, to webhook endpoints anything."""

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
from accounts.admin_base.display import linked, moment
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.rows import ReadOnlyRows
from accounts.admin_base.scoped import holds_scope
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from events.admin.discarding import Discard
from events.admin.looks import state_badge, unfolding
from events.handlers import all_destinations
from events.models import DeliveryState, EventDelivery, WebhookAttempt
from events.services.endpoints import resend_delivery
from events.services.redriving import redrive, redrive_destination

READ, WRITE = "events:read", "events:write"
WEBHOOKS = "webhook:"


class DestinationFilter(DropdownFilter):
    title = "destination"
    parameter_name = "destination"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The handlers; a webhook endpoint, of which there may be many, only where its own page has led here."""
        given = request.GET.get(self.parameter_name, "")
        endpoint = [(given, "This webhook endpoint")] if given.startswith(WEBHOOKS) else []
        return endpoint + [(destination, destination) for destination in all_destinations()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[EventDelivery]) -> QuerySet[EventDelivery]:
        return queryset.filter(destination=self.value()) if self.value() else queryset


class Redrive(Move):
    name = "redrive"
    label = "Send again"
    icon = "replay"
    scope = WRITE
    tone = "primary"
    explanation = "Starts all its attempts anew."

    def is_offered(self, target: EventDelivery, *, actor: Actor) -> bool:
        return target.state == DeliveryState.DEAD and target.endpoint_id is None

    def perform(self, target: EventDelivery, *, actor: Actor, form: MoveForm) -> str:
        return told(redrive([target.pk]))


class Resend(Move):
    name = "resend"
    label = "Send again"
    icon = "replay"
    scope = WRITE
    tone = "primary"
    explanation = "Under the same id, now and with all its attempts before it."

    def is_offered(self, target: EventDelivery, *, actor: Actor) -> bool:
        return target.endpoint_id is not None

    def perform(self, target: EventDelivery, *, actor: Actor, form: MoveForm) -> str:
        resend_delivery(target.pk)
        return "It is sent again."


class AttemptsOfDelivery(ReadOnlyRows):
    model = WebhookAttempt
    read_scope = READ
    columns = ("number", "at", "outcome", "took", "request", "response")
    verbose_name_plural = "Attempts"

    @admin.display(description="At (UTC)")
    def at(self, attempt: WebhookAttempt) -> SafeString | str:
        return moment(attempt.started_at)

    @admin.display(description="Outcome")
    def outcome(self, attempt: WebhookAttempt) -> str:
        return attempt.error or f"answered {attempt.status_code}"

    @admin.display(description="Took")
    def took(self, attempt: WebhookAttempt) -> str:
        return f"{attempt.duration_ms:,} ms"

    @admin.display(description="Request")
    def request(self, attempt: WebhookAttempt) -> SafeString | str:
        return unfolding(attempt.request_excerpt, title="Body")

    @admin.display(description="Answer")
    def response(self, attempt: WebhookAttempt) -> SafeString | str:
        return unfolding(attempt.response_excerpt, title="Body")


def told(redriven: int) -> str:
    if redriven == 0:
        return "None of them is a dead letter any more; nothing was sent again."
    return "1 dead letter is sent again." if redriven == 1 else f"{redriven} dead letters are sent again."


@admin.register(EventDelivery)
class EventDeliveryAdmin(MovingAdmin, ExactSearchAdmin):
    read_scope = READ
    moves = (Redrive(), Resend(), Discard())
    inlines = (AttemptsOfDelivery,)
    list_display = ("event_type", "goes_to", "shown_state", "attempts", "next_attempt", "error", "created")
    list_filter = (("state", MultipleChoicesDropdownFilter), DestinationFilter, ("created_at", DaysFilter))
    list_select_related = ("event", "endpoint")
    list_before_template = "admin/events/eventdelivery/dead_letters.html"
    ordering = ("-pk",)
    sortable_by = ()
    search_help_text = "Id of the event or of its subject"
    actions = ("redrive_selected",)
    fields = (
        "event_link", "goes_to", "shown_state", "attempts", "next_attempt_at", "leased_until", "delivered_at",
        "last_error", "created_at",
    )  # fmt: skip
    readonly_fields = ("event_link", "goes_to", "shown_state")

    def get_inlines(self, request: HttpRequest, obj: EventDelivery | None = None) -> Any:
        return self.inlines if obj is not None and obj.endpoint_id else ()

    def found_by(self, term: str) -> Q:
        key = as_uuid(term)
        return Q(subject_id=key) | Q(event__event_id=key) if key else Q(pk__in=[])

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.redrive_all_view)
        return [path("redrive-all/", view, name="events_eventdelivery_redrive_all"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        dead = EventDelivery.objects.filter(state=DeliveryState.DEAD).values("destination", "endpoint__url")
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

    @admin.display(description="Destination")
    def goes_to(self, delivery: EventDelivery) -> str:
        return Truncator(delivery.endpoint.url).chars(60) if delivery.endpoint else delivery.destination

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
