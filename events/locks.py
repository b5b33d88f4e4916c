"""The row locks of this app."""

from datetime import datetime
from uuid import UUID

from events.models import EventDelivery, EventDeliveryQuerySet, SequenceCounter, WebhookEndpoint


def lock_sequence_counter() -> SequenceCounter | None:
    """None while another sequencer holds it. The first caller ever makes the row."""
    counters = SequenceCounter.objects.select_for_update(no_key=True, skip_locked=True)
    counter = counters.filter(id=1).first()
    if counter is None and not SequenceCounter.objects.exists():
        SequenceCounter.objects.bulk_create([SequenceCounter()], ignore_conflicts=True)
        counter = counters.filter(id=1).first()
    return counter


def lock_delivery(delivery_id: UUID) -> EventDelivery:
    """A delivery's lock comes before every other lock of the work that handles it."""
    return EventDelivery.objects.select_for_update(no_key=True).get(id=delivery_id)


def lock_due_deliveries(deliveries: EventDeliveryQuerySet, *, now: datetime, limit: int) -> list[UUID]:
    """Those whose turn comes first, passing over what another relay is claiming at this moment."""
    due = deliveries.due(now).order_by("next_attempt_at", "event_id")
    return list(due.select_for_update(skip_locked=True, of=("self",)).values_list("id", flat=True)[:limit])


def lock_endpoint(endpoint_id: UUID) -> WebhookEndpoint:
    """Comes after a delivery's lock."""
    return WebhookEndpoint.objects.select_for_update(no_key=True).get(id=endpoint_id)
