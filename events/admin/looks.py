from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin_base.display import EMPTY, Tone, badge, change_url
from events.models import DeliveryState, Event, EventDelivery, WebhookEndpoint
from events.type_names import is_from_outside

STATE_TONES: Final = {
    DeliveryState.PENDING: Tone.WAITING,
    DeliveryState.DELIVERED: Tone.GOOD,
    DeliveryState.DEAD: Tone.BAD,
    DeliveryState.DISCARDED: Tone.QUIET,
}

SUBJECT_PAGES: Final = {
    "order": "orders.Order", "payment": "payments.Payment", "refund": "payments.Refund",
    "assignment": "couriers.Assignment", "courier": "couriers.Courier", "product": "catalog.Product",
}  # fmt: skip


def state_badge(delivery: EventDelivery) -> SafeString:
    state = DeliveryState(delivery.state)
    return badge(state.label, tone=STATE_TONES[state])


def subject_url(event: Event) -> str | None:
    """The page of what an event is about, where everybody who sees events may see that too."""
    page = SUBJECT_PAGES.get(event.subject_type)
    return change_url(page, event.subject_id) if page and not is_from_outside(event.type) else None


def subject_link(event: Event) -> SafeString | str:
    name = f"{event.subject_type} {event.subject_id}"
    url = subject_url(event)
    version = f" v{event.subject_version}"
    return format_html('<a class="ours-link" href="{}">{}</a>{}', url, name, version) if url else name + version


def health_badge(endpoint: WebhookEndpoint) -> SafeString:
    if endpoint.retired_at:
        return badge("Removed")
    if not endpoint.is_active:
        return badge("Not active", tone=Tone.BAD)
    if endpoint.failing_since:
        return badge("Failing", tone=Tone.WARNING)
    return badge("Healthy", tone=Tone.GOOD) if endpoint.last_success_at else badge("Not tried yet", tone=Tone.WAITING)


def unfolding(text: str, *, title: str) -> SafeString | str:
    """A long text that opens on a click."""
    if not text:
        return EMPTY
    return format_html('<details class="ours-excerpt"><summary>{}</summary><pre>{}</pre></details>', title, text)
