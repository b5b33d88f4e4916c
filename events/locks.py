"""The row locks of this app."""

from events.models import EventDelivery, SequenceCounter


def lock_sequence_counter() -> SequenceCounter:
    """Waits for whoever is sequencing. The first caller ever makes the row."""
    SequenceCounter.objects.bulk_create([SequenceCounter()], ignore_conflicts=True)
    return SequenceCounter.objects.select_for_update(no_key=True).get(id=1)


def lock_delivery(delivery_id: int) -> EventDelivery:
    """A delivery's lock comes before every other lock of the work that handles it."""
    return EventDelivery.objects.select_for_update(no_key=True).get(id=delivery_id)
