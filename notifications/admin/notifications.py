"""Who was told what: to look at, and to have sent again what did not arrive."""

from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.contrib.filters.admin import MultipleChoicesDropdownFilter

from accounts.actors import Actor
from accounts.admin_base.display import EMPTY, Tone, badge, linked, moment
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.scoped import holds_scope
from accounts.admin_base.searching import ExactSearchAdmin, as_uuid
from notifications.composing import compose
from notifications.kinds import Channel, Kind
from notifications.models import REPEATABLE, Notification, State
from notifications.recipients import key_of_contact
from notifications.services.repeating import send_again

READ, WRITE = "events:read", "events:write"
TONES: Final = {
    State.PENDING: Tone.WAITING,
    State.SENDING: Tone.MOVING,
    State.SENT: Tone.GOOD,
    State.FAILED: Tone.BAD,
    State.SKIPPED: Tone.QUIET,
    State.UNCERTAIN: Tone.WARNING,
}


class SendAgain(Move):
    name, label, icon, scope, tone = "send-again", "Send again", "replay", WRITE, "primary"
    explanation = "Starts all its attempts anew. What is uncertain may then arrive twice."

    def is_offered(self, target: Notification, *, actor: Actor) -> bool:
        return target.state in REPEATABLE and bool(target.address)

    def perform(self, target: Notification, *, actor: Actor, form: MoveForm) -> str:
        return told(send_again([target.pk]))


def told(number: int) -> str:
    if number == 0:
        return "None of them can be sent again; nothing was done."
    return "1 notification is sent again." if number == 1 else f"{number} notifications are sent again."


@admin.register(Notification)
class NotificationAdmin(MovingAdmin, ExactSearchAdmin):
    read_scope = READ
    moves = (SendAgain(),)
    list_display = ("what", "by", "shown_state", "shown_address", "shown_order", "attempts", "shown_error", "created")
    list_display_links = ("what",)
    list_filter = (
        ("state", MultipleChoicesDropdownFilter), ("kind", MultipleChoicesDropdownFilter),
        ("channel", MultipleChoicesDropdownFilter), ("created_at", DaysFilter),
    )  # fmt: skip
    list_select_related = ("order", "user")
    ordering = ("-id",)
    sortable_by = ()
    search_help_text = "Order number or id, id of the event, or the recipient's e-mail address"
    actions = ("send_selected_again",)
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    ("what", "by"), ("shown_state", "language"), ("shown_address", "shown_user"), "shown_order",
                    "error", ("attempts", "shown_next_attempt"), ("created", "sent"), ("event_id", "correlation_id"),
                )
            },
        ),
        ("As it would be sent now", {"fields": ("preview",)}),
    )  # fmt: skip
    readonly_fields = (
        "what", "by", "shown_state", "shown_address", "shown_user", "shown_order", "shown_next_attempt", "created",
        "sent", "preview",
    )  # fmt: skip

    def found_by(self, term: str) -> Q:
        key = as_uuid(term)
        if key is not None:
            return Q(pk=key) | Q(event_id=key) | Q(order_id=key)
        if "@" in term:
            return Q(user__email=term.lower()) | Q(recipient=key_of_contact(term))
        return Q(order__number=term.upper())

    def has_repeat_permission(self, request: HttpRequest) -> bool:
        return holds_scope(request, WRITE)

    @admin.action(description="Send the selected ones again", permissions=["repeat"])
    def send_selected_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        number = send_again(queryset.values_list("pk", flat=True))
        self.message_user(request, told(number), messages.SUCCESS if number else messages.WARNING)

    @admin.display(description="Notification")
    def what(self, notification: Notification) -> str:
        return str(Kind(notification.kind).label)

    @admin.display(description="By")
    def by(self, notification: Notification) -> SafeString:
        return format_html('<span class="ours-moment">{}</span>', Channel(notification.channel).label)

    @admin.display(description="State")
    def shown_state(self, notification: Notification) -> SafeString:
        state = State(notification.state)
        return badge(state.label, tone=TONES[state])

    @admin.display(description="Address")
    def shown_address(self, notification: Notification) -> str:
        return notification.address or EMPTY

    @admin.display(description="Account")
    def shown_user(self, notification: Notification) -> SafeString | str:
        return linked(notification.user)

    @admin.display(description="Order")
    def shown_order(self, notification: Notification) -> SafeString | str:
        order = notification.order
        return format_html('<span class="ours-moment">{}</span>', linked(order, order.number)) if order else EMPTY

    @admin.display(description="Error, or why not")
    def shown_error(self, notification: Notification) -> str:
        return Truncator(notification.error).chars(80)

    @admin.display(description="Next attempt (UTC)")
    def shown_next_attempt(self, notification: Notification) -> SafeString | str:
        return moment(notification.next_attempt_at if notification.state == State.PENDING else None)

    @admin.display(description="Written down (UTC)")
    def created(self, notification: Notification) -> SafeString | str:
        return moment(notification.created_at)

    @admin.display(description="Sent (UTC)")
    def sent(self, notification: Notification) -> SafeString | str:
        return moment(notification.sent_at)

    @admin.display(description="Message")
    def preview(self, notification: Notification) -> SafeString:
        """Composed anew, so after the order was anonymised it names nobody; and without the key to its recipient's
        choices."""
        try:
            text = compose(notification, settings_link="#")
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, its page has to open
            return badge(f"It cannot be composed: {type(error).__name__}", tone=Tone.BAD)
        return render_to_string("admin/notifications/preview.html", {"text": text})
