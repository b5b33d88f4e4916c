from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin_base.display import EMPTY, Tone, badge
from events.models import DeliveryState, EventDelivery, WebhookEndpoint

STATE_TONES: Final = {
    DeliveryState.PENDING: Tone.WAITING,
    DeliveryState.DELIVERED: Tone.GOOD,
    DeliveryState.DEAD: Tone.BAD,
    DeliveryState.DISCARDED: Tone.QUIET,
}


def state_badge(delivery: EventDelivery) -> SafeString:
    state = DeliveryState(delivery.state)
    return badge(state.label, tone=STATE_TONES[state])


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
