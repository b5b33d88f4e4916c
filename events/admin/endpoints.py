"""Webhook endpoints as staff see them: whether they are well, and what to do where they are not.

Their owners make and change them by the API. No page shows a secret, but for the one that has just been made.
"""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.contrib.filters.admin import RadioFilter

from accounts.actors import Actor
from accounts.admin_base.display import change_list_url, linked, moment
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.models import User
from events.admin.looks import health_badge
from events.models import DeliveryState, EventDelivery, WebhookEndpoint
from events.services.endpoints import change_endpoint, ping_endpoint, rotate_secret

SCOPE = "webhooks:manage"


class Ping(Move):
    name, label, icon, scope, tone = "ping", "Ping", "network_ping", SCOPE, "primary"
    explanation = "Sends it an event to try it with, once."

    def is_offered(self, target: WebhookEndpoint, *, actor: Actor) -> bool:
        return target.is_listening

    def perform(self, target: WebhookEndpoint, *, actor: Actor, form: MoveForm) -> str:
        event = ping_endpoint(target.pk)
        return f"Event {event.event_id} is on its way; what comes of it stands among the deliveries."


class SwitchOn(Move):
    name, label, icon, scope, tone = "enable", "Switch on", "toggle_on", SCOPE, "primary"
    explanation = "Sends what happens from now on; what it has missed can be sent again one by one."

    def is_offered(self, target: WebhookEndpoint, *, actor: Actor) -> bool:
        return not target.is_active and target.retired_at is None

    def perform(self, target: WebhookEndpoint, *, actor: Actor, form: MoveForm) -> str:
        change_endpoint(target.pk, expected_version=form.expected_version, is_active=True)
        return "It is sent to again."


class SwitchOff(Move):
    name, label, icon, scope = "disable", "Switch off", "toggle_off", SCOPE
    explanation = "Sends nothing more; what waits becomes dead letters."

    def is_offered(self, target: WebhookEndpoint, *, actor: Actor) -> bool:
        return target.is_listening

    def perform(self, target: WebhookEndpoint, *, actor: Actor, form: MoveForm) -> str:
        change_endpoint(target.pk, expected_version=form.expected_version, is_active=False)
        return "Nothing is sent to it any more."


class Rotate(Move):
    name, label, icon, scope = "rotate", "New secret", "key", SCOPE
    explanation = "The old one signs too for a day. The new one is shown once, here."

    def is_offered(self, target: WebhookEndpoint, *, actor: Actor) -> bool:
        return target.retired_at is None

    def perform(self, target: WebhookEndpoint, *, actor: Actor, form: MoveForm) -> str:
        """What is returned stays in the Admin site's history; the secret is for the eyes before the page alone."""
        endpoint = rotate_secret(target.pk, expected_version=form.expected_version)
        messages.warning(form.request, f"The new secret, shown only now: {endpoint.secret}")
        return "It has a new secret; the old one signs too for a day."


class HealthFilter(RadioFilter):
    title = "health"
    parameter_name = "health"
    conditions: ClassVar = {
        "failing": Q(retired_at=None, is_active=True, failing_since__isnull=False),
        "inactive": Q(retired_at=None, is_active=False),
        "removed": Q(retired_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failing", "Failing"), ("inactive", "Not active"), ("removed", "Removed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
        return queryset.filter(self.conditions.get(self.value() or "", Q(retired_at=None)))


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(MovingAdmin):
    read_scope = SCOPE
    moves = (Ping(), SwitchOn(), SwitchOff(), Rotate())
    list_display = ("address", "owner", "health", "failing", "succeeded", "waiting", "dead")
    list_filter = (HealthFilter,)
    list_select_related = ("owner",)
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("url", "owner__email", "description")
    search_help_text = "Part of the address, of the description, or of the owner's e-mail address"
    fields = (
        "whole_address", ("owner_link", "description"), ("health", "disabled_reason"), ("failing", "succeeded"),
        ("waiting", "dead"), ("types", "stores"), ("previous_secret_expires_at", "created_at"),
    )  # fmt: skip
    readonly_fields = (
        "whole_address", "owner_link", "health", "failing", "succeeded", "waiting", "dead", "types", "stores",
    )  # fmt: skip

    def reachable_by(self, user: User, rows: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
        return rows.annotate(
            number_waiting=_number_of(DeliveryState.PENDING), number_dead=_number_of(DeliveryState.DEAD)
        )

    def page_context(self, target: WebhookEndpoint, *, request: HttpRequest) -> dict[str, Any]:
        links = [("Deliveries", change_list_url(EventDelivery, destination=target.destination))]
        return {**super().page_context(target, request=request), "links": links}

    @admin.display(description="Address")
    def address(self, endpoint: WebhookEndpoint) -> str:
        return Truncator(endpoint.url).chars(60)

    @admin.display(description="Address")
    def whole_address(self, endpoint: WebhookEndpoint) -> str:
        return endpoint.url

    @admin.display(description="Event types")
    def types(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.event_types) or "every type"

    @admin.display(description="Stores")
    def stores(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.store_ids) or "all its owner may see"

    @admin.display(description="Owner")
    def owner_link(self, endpoint: WebhookEndpoint) -> SafeString | str:
        return linked(endpoint.owner)

    @admin.display(description="Health")
    def health(self, endpoint: WebhookEndpoint) -> SafeString:
        return health_badge(endpoint)

    @admin.display(description="Failing since (UTC)")
    def failing(self, endpoint: WebhookEndpoint) -> SafeString | str:
        return moment(endpoint.failing_since)

    @admin.display(description="Last success (UTC)")
    def succeeded(self, endpoint: WebhookEndpoint) -> SafeString | str:
        return moment(endpoint.last_success_at)

    @admin.display(description="Waiting")
    def waiting(self, endpoint: Any) -> SafeString:
        return _counted(endpoint, endpoint.number_waiting, state=DeliveryState.PENDING)

    @admin.display(description="Dead letters")
    def dead(self, endpoint: Any) -> SafeString:
        return _counted(endpoint, endpoint.number_dead, state=DeliveryState.DEAD)


def _number_of(state: DeliveryState) -> Coalesce:
    """By an index of this state's rows only: of what was delivered there may be millions."""
    rows = EventDelivery.objects.filter(endpoint=OuterRef("pk"), state=state).order_by()
    return Coalesce(Subquery(rows.values("endpoint").annotate(number=Count("pk")).values("number")), 0)


def _counted(endpoint: WebhookEndpoint, number: int, *, state: DeliveryState) -> SafeString:
    url = change_list_url(EventDelivery, destination=endpoint.destination, state__exact=state.value)
    return format_html('<a class="ours-link" href="{}">{}</a>', url, number)
