"""The row locks of this app."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from events.models import Event, EventDelivery, EventDeliveryQuerySet, SequenceCounter, WebhookEndpoint


def lock_sequence_counter() -> SequenceCounter | None:
    """None while another sequencer holds it. The first caller ever makes the row."""
    counters = SequenceCounter.objects.select_for_update(no_key=True, skip_locked=True)
    counter = counters.filter(id=1).first()
    if counter is None and not SequenceCounter.objects.exists():
        SequenceCounter.objects.bulk_create([SequenceCounter()], ignore_conflicts=True)
        counter = counters.filter(id=1).first()
    return counter


def lock_oldest_events(limit: int) -> list[Event]:
    """The first in the sequence that are kept. While they are held nobody can make a delivery for them."""
    kept = Event.objects.filter(sequence__isnull=False).order_by("sequence")
    return list(kept.only("position", "sequence", "occurred_at").select_for_update()[:limit])


def lock_deliveries_of(events: list[Event]) -> list[EventDelivery]:
    """Comes after the lock of the events."""
    deliveries = EventDelivery.objects.filter(event__in=events).order_by("id")
    return list(deliveries.only("id", "event", "destination", "state", "endpoint").select_for_update())


def lock_delivery(delivery_id: UUID) -> EventDelivery:
    """A delivery's lock comes before every other lock of the work that handles it."""
    return EventDelivery.objects.select_for_update(no_key=True).get(id=delivery_id)


def lock_deliveries(delivery_ids: Iterable[UUID]) -> dict[UUID, EventDelivery]:
    """Several at once, in the order of their keys, by key."""
    rows = EventDelivery.objects.select_for_update(no_key=True, of=("self",)).filter(id__in=delivery_ids)
    return {delivery.id: delivery for delivery in rows.select_related("event").order_by("id")}


def lock_due_deliveries(deliveries: EventDeliveryQuerySet, *, now: datetime, limit: int) -> list[UUID]:
    """Those whose turn comes first, passing over what another relay is claiming at this moment."""
    due = deliveries.due(now).order_by("next_attempt_at", "event_id")
    return list(due.select_for_update(skip_locked=True, of=("self",)).values_list("id", flat=True)[:limit])


def lock_waiting_deliveries(endpoint_id: UUID, *, now: datetime, limit: int) -> list[UUID]:
    """Pending ones of an endpoint that nobody is sending, passing over what another has locked."""
    free = EventDelivery.objects.pending().filter(Q(leased_until=None) | Q(leased_until__lte=now), endpoint=endpoint_id)
    return list(free.select_for_update(skip_locked=True, of=("self",)).values_list("id", flat=True)[:limit])


def lock_endpoint(endpoint_id: UUID) -> WebhookEndpoint:
    """Comes after a delivery's lock."""
    return WebhookEndpoint.objects.select_for_update(no_key=True).get(id=endpoint_id)
