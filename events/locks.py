"""The row locks of this app."""

from datetime import datetime

from events.models import EventDelivery, SequenceCounter


def lock_sequence_counter() -> SequenceCounter:
    """Waits for whoever is sequencing. The first caller ever makes the row."""
    SequenceCounter.objects.bulk_create([SequenceCounter()], ignore_conflicts=True)
    return SequenceCounter.objects.select_for_update(no_key=True).get(id=1)


def lock_delivery(delivery_id: int) -> EventDelivery:
    """A delivery's lock comes before every other lock of the work that handles it."""
    return EventDelivery.objects.select_for_update(no_key=True).get(id=delivery_id)


def lock_due_deliveries(now: datetime, *, limit: int) -> list[int]:
    """Those whose turn comes first, passing over what another relay is claiming at this moment."""
    due = EventDelivery.objects.due(now).order_by("next_attempt_at", "id")
    return list(due.select_for_update(skip_locked=True, of=("self",)).values_list("id", flat=True)[:limit])
